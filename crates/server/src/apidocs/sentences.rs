//! Everything that the declarations say: what the catalogues of translations must hold, no more and no less.

use std::collections::BTreeSet;

use whocpa_domain::Resource;
use whocpa_domain::input::ParamKind;
use whocpa_domain::view::Field;

use super::rows;
use crate::api::{Registry, is_again};

/// The sentences of the reference, as they stand in the declarations.
pub fn sentences(registry: &Registry) -> BTreeSet<&'static str> {
    let mut all: BTreeSet<&'static str> = Resource::ALL.iter().map(|resource| resource.title()).collect();
    for declaration in registry.declarations() {
        all.insert(declaration.about);
        for (_, declared) in declaration.methods() {
            all.insert(declared.doc);
            for param in declared.params {
                all.insert(param.doc);
                if let ParamKind::Code(codes) = param.kind {
                    all.extend(codes.iter().map(|(_, word)| *word));
                }
            }
            of_fields(&mut all, declared.fields, &[]);
            of_fields(&mut all, declared.beside, &[]);
        }
    }
    all.remove("");
    all
}

fn of_fields(all: &mut BTreeSet<&'static str>, fields: &'static [Field], outer: &[&'static [Field]]) {
    if is_again(fields, outer) {
        return;
    }
    let outer = [outer, &[fields]].concat();
    for field in fields {
        all.insert(field.doc);
        all.extend(rows::codes(&field.kind).iter().map(|(_, word)| *word));
        if let Some((inner, _)) = rows::inside(&field.kind) {
            of_fields(all, inner, &outer);
        }
    }
}
