//! How a resource is declared: one line per method, from which everything else follows.

use std::collections::BTreeMap;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use whocpa_domain::access::Caller;
use whocpa_domain::input::{Input, Param, ParamKind, RawParams};
use whocpa_domain::view::{Field, View};
use whocpa_domain::{Error, Method, Resource, Result};
use whocpa_engine::Engine;
use whocpa_engine::export::lists::Reading;

use super::reply::{self, Body, ListReply};

/// A resource with its methods.
pub struct Declaration {
    /// Which one.
    pub resource: Resource,
    /// What it is for, in a sentence or two.
    pub about: &'static str,
    /// Shape of its objects' ids.
    pub id_kind: ParamKind,
    methods: BTreeMap<Method, Declared>,
}

/// A method with what documents it.
pub struct Declared {
    /// What it does, in a sentence.
    pub doc: &'static str,
    /// What it takes.
    pub params: &'static [Param],
    /// Fields of the object or objects that it answers with.
    pub fields: &'static [Field],
    /// Whether a list comes page by page.
    pub is_paged: bool,
    /// What stands beside the objects of a list, besides the numbers of the page.
    pub beside: &'static [Field],
    /// Whether a list may also be had as NDJSON.
    pub has_lines: bool,
    /// `None` for a method that is announced and not there yet.
    run: Option<Box<Run>>,
    /// Of a list: the same for an export.
    piece: Option<Box<ReadPiece>>,
}

type ReadPiece = dyn Fn(Call) -> Reading + Send + Sync;
type Run = dyn Fn(Call) -> Pin<Box<dyn Future<Output = Result<Body>> + Send>> + Send + Sync;

/// A request that may be done, once its id and parameters are read.
pub(super) struct Call {
    pub engine: Engine,
    pub caller: Caller,
    pub id: String,
    pub params: RawParams,
}

impl Declared {
    /// Whether it is announced and not there yet: then it answers 501.
    pub fn is_soon(&self) -> bool {
        self.run.is_none()
    }

    /// Does it; gives the body of the answer.
    pub(super) async fn run(&self, call: Call) -> Result<Body> {
        match &self.run {
            Some(run) => run(call).await,
            None => Err(Error::Internal("a method that is not there yet was called".to_owned())),
        }
    }

    /// A piece of a list, for an export.
    pub(super) fn piece(&self, call: Call) -> Reading {
        match &self.piece {
            Some(piece) => piece(call),
            None => Box::pin(ready(Err(Error::NotFound))),
        }
    }

    /// Whether it is a list that is there.
    pub(super) fn is_list(&self) -> bool {
        self.piece.is_some()
    }
}

/// A type of id in a path.
pub trait PathId: Serialize + Clone + Send + Sync + 'static {
    /// Its shape, for documentation.
    const KIND: ParamKind;
    /// Reads it; `None` answers 404, as for an object that does not exist.
    fn parse(text: &str) -> Option<Self>;
}

impl PathId for i64 {
    const KIND: ParamKind = ParamKind::Int;

    fn parse(text: &str) -> Option<Self> {
        // One object has one address: no sign, no zeros in front.
        text.parse().ok().filter(|id: &Self| id.to_string() == text)
    }
}

impl PathId for String {
    const KIND: ParamKind = ParamKind::Text;

    fn parse(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

/// For `list` and `create`, whose paths have none.
impl PathId for () {
    const KIND: ParamKind = ParamKind::Int;

    fn parse(_: &str) -> Option<Self> {
        Some(())
    }
}

/// Wraps an engine operation for a declaration; says which of `id` and `input` it takes after the caller.
macro_rules! op {
    ($name:ident()) => {
        |engine: whocpa_engine::Engine, caller, (): (), whocpa_domain::input::Nothing| async move {
            engine.$name(caller).await
        }
    };
    ($name:ident(input)) => {
        |engine: whocpa_engine::Engine, caller, (): (), input| async move { engine.$name(caller, input).await }
    };
    ($name:ident(id)) => {
        |engine: whocpa_engine::Engine, caller, id, whocpa_domain::input::Nothing| async move {
            engine.$name(caller, id).await
        }
    };
    ($name:ident(id, input)) => {
        |engine: whocpa_engine::Engine, caller, id, input| async move { engine.$name(caller, id, input).await }
    };
}
pub(super) use op;

impl Declaration {
    /// A resource without methods yet.
    pub fn new(resource: Resource, about: &'static str) -> Self {
        Self { resource, about, id_kind: ParamKind::Int, methods: BTreeMap::new() }
    }

    /// `list`: the operation gives a `Vec` of views, or `Rows` of them for a paginated list.
    #[must_use]
    pub fn list<I, L, F, W>(self, doc: &'static str, operation: F) -> Self
    where
        I: Input + 'static,
        L: ListReply,
        F: Fn(Engine, Caller, (), I) -> W + Send + Sync + 'static,
        W: Future<Output = Result<L>> + Send + 'static,
    {
        let operation = Arc::new(operation);
        let for_piece = Arc::clone(&operation);
        let piece = move |call: Call| -> Reading {
            match call.params.read::<I>() {
                Err(error) => Box::pin(ready(Err(error))),
                Ok(input) => {
                    let work = for_piece(call.engine, call.caller, (), input);
                    Box::pin(async move { work.await?.piece() })
                }
            }
        };
        let operation = move |engine, caller, (), input| operation(engine, caller, (), input);
        let declared = declare(doc, L::fields(), operation, |(), list| list.body());
        let (is_paged, beside, has_lines) = (L::PAGED, L::beside(), L::has_lines());
        let piece: Option<Box<ReadPiece>> = Some(Box::new(piece));
        self.with(Method::List, Declared { is_paged, beside, has_lines, piece, ..declared })
    }

    /// `view`: the operation gives a view.
    #[must_use]
    pub fn view<K, I, V, F, W>(self, doc: &'static str, operation: F) -> Self
    where
        K: PathId,
        I: Input + 'static,
        V: View + Send + 'static,
        F: Fn(Engine, Caller, K, I) -> W + Send + Sync + 'static,
        W: Future<Output = Result<V>> + Send + 'static,
    {
        let declared = declare(doc, V::fields(), operation, |_, view| reply::object(view));
        Self { id_kind: K::KIND, ..self }.with(Method::View, declared)
    }

    /// `update`: the operation gives nothing.
    #[must_use]
    pub fn update<K, I, F, W>(self, doc: &'static str, operation: F) -> Self
    where
        K: PathId,
        I: Input + 'static,
        F: Fn(Engine, Caller, K, I) -> W + Send + Sync + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let declared = declare(doc, &[], operation, |id, ()| reply::updated(id));
        Self { id_kind: K::KIND, ..self }.with(Method::Update, declared)
    }

    /// `create`: the operation gives the new id.
    #[must_use]
    pub fn create<I, F, W>(self, doc: &'static str, operation: F) -> Self
    where
        I: Input + 'static,
        F: Fn(Engine, Caller, (), I) -> W + Send + Sync + 'static,
        W: Future<Output = Result<i64>> + Send + 'static,
    {
        let declared = declare(doc, &[], operation, |(), id| reply::created(*id));
        self.with(Method::Create, declared)
    }

    /// `create` that tells more than the id: the operation gives a view whose `id` becomes `created`.
    #[must_use]
    pub fn create_view<I, V, F, W>(self, doc: &'static str, operation: F) -> Self
    where
        I: Input + 'static,
        V: View + Send + 'static,
        F: Fn(Engine, Caller, (), I) -> W + Send + Sync + 'static,
        W: Future<Output = Result<V>> + Send + 'static,
    {
        let declared = declare(doc, V::fields(), operation, |(), view| reply::created_view(view));
        self.with(Method::Create, declared)
    }

    /// `delete`: the operation gives nothing.
    #[must_use]
    pub fn delete<K, I, F, W>(self, doc: &'static str, operation: F) -> Self
    where
        K: PathId,
        I: Input + 'static,
        F: Fn(Engine, Caller, K, I) -> W + Send + Sync + 'static,
        W: Future<Output = Result<()>> + Send + 'static,
    {
        let declared = declare(doc, &[], operation, |id, ()| reply::deleted(id));
        Self { id_kind: K::KIND, ..self }.with(Method::Delete, declared)
    }

    /// A method that is announced: it has its parameters and fields, and answers 501.
    #[must_use]
    pub fn soon<I: Input, V: View>(self, method: Method, doc: &'static str) -> Self {
        let params = I::PARAMS;
        let is_paged = method == Method::List && params.iter().any(|param| param.name == "per_page");
        let (fields, beside, has_lines) = (V::fields(), &[], false);
        self.with(
            method,
            Declared { doc, params, fields, is_paged, beside, has_lines, run: None, piece: None },
        )
    }

    /// For an announced resource whose ids are texts.
    #[must_use]
    pub fn text_id(self) -> Self {
        Self { id_kind: ParamKind::Text, ..self }
    }

    /// The declared methods in the product's order, announced ones too.
    pub fn methods(&self) -> impl Iterator<Item = (Method, &Declared)> {
        self.methods.iter().map(|(method, declared)| (*method, declared))
    }

    /// One method, if it is declared.
    pub fn method(&self, method: Method) -> Option<&Declared> {
        self.methods.get(&method)
    }

    fn with(mut self, method: Method, declared: Declared) -> Self {
        self.methods.insert(method, declared);
        self
    }
}

/// Forgets the operation's types: reads what it takes, runs it, writes what it gives.
fn declare<K, I, T, F, W>(
    doc: &'static str,
    fields: &'static [Field],
    operation: F,
    body: fn(&K, &T) -> Result<Body>,
) -> Declared
where
    K: PathId,
    I: Input + 'static,
    T: Send + 'static,
    F: Fn(Engine, Caller, K, I) -> W + Send + Sync + 'static,
    W: Future<Output = Result<T>> + Send + 'static,
{
    let run = move |call: Call| -> Pin<Box<dyn Future<Output = Result<Body>> + Send>> {
        let read = K::parse(&call.id).ok_or(Error::NotFound);
        let read = read.and_then(|id| Ok((id, call.params.read::<I>()?)));
        match read {
            Err(error) => Box::pin(ready(Err(error))),
            Ok((id, input)) => {
                let work = operation(call.engine, call.caller, id.clone(), input);
                Box::pin(async move { body(&id, &work.await?) })
            }
        }
    };
    let run: Option<Box<Run>> = Some(Box::new(run));
    Declared {
        doc,
        params: I::PARAMS,
        fields,
        is_paged: false,
        beside: &[],
        has_lines: false,
        run,
        piece: None,
    }
}
