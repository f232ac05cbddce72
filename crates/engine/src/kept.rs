//! A list that many ask for and that seldom changes keeps its written form beside it.

use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use whocpa_domain::Result;

/// A value with its written form, once somebody asked for it. A changed value is another `Kept`.
#[derive(Debug)]
pub struct Kept<T> {
    value: T,
    written: OnceLock<Arc<Written>>,
}

/// How a value goes out.
#[derive(Debug)]
pub struct Written {
    /// As it is.
    pub plain: Arc<[u8]>,
    /// Compressed, under the names of the codings, the best one first.
    pub packed: Vec<(&'static str, Arc<[u8]>)>,
    /// What tells this content from another one.
    pub tag: String,
}

impl<T> Kept<T> {
    /// A value that nobody asked for yet.
    pub fn new(value: T) -> Self {
        Self { value, written: OnceLock::new() }
    }

    /// The written form; `write` makes it for the first who asks.
    ///
    /// # Errors
    /// What `write` refuses; the next one tries again.
    pub fn written(&self, write: impl FnOnce(&T) -> Result<Written>) -> Result<Arc<Written>> {
        if let Some(written) = self.written.get() {
            return Ok(Arc::clone(written));
        }
        // Two who ask at once both write it, and the first one's is kept: a lock would make others wait.
        let written = Arc::new(write(&self.value)?);
        Ok(Arc::clone(self.written.get_or_init(|| written)))
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use whocpa_domain::Error;

    #[test]
    fn it_is_written_once() {
        let kept = Kept::new(5);
        let write = |text: &str| {
            let bytes: Arc<[u8]> = text.as_bytes().into();
            Ok(Written { plain: bytes, packed: Vec::new(), tag: String::new() })
        };
        assert!(kept.written(|_| Err(Error::NotFound)).is_err());
        let first = kept.written(|value| write(&value.to_string())).expect("written");
        let second = kept.written(|_| write("again")).expect("kept");
        assert!(Arc::ptr_eq(&first, &second) && &*second.plain == b"5" && *kept == 5);
    }
}
