//! What lists have in common: numbers, periods, orders.

use sea_orm::sea_query::{Expr, Func};
use sea_orm::{ColumnTrait, EntityTrait, IdenStatic, Order, QueryFilter, QueryOrder, Select};
use whocpa_domain::Time;

/// Only rows with one of these numbers in the column.
pub(crate) fn among<E: EntityTrait>(select: Select<E>, column: E::Column, ids: Option<&[i64]>) -> Select<E> {
    match ids {
        None => select,
        // One value walks its index in order.
        Some([id]) => select.filter(column.eq(*id)),
        Some(ids) => select.filter(column.is_in(ids.iter().copied())),
    }
}

/// Only rows of this time, its end outside.
pub(crate) fn within<E: EntityTrait>(
    mut select: Select<E>,
    column: E::Column,
    (from, until): (Option<Time>, Option<Time>),
) -> Select<E> {
    if let Some(from) = from {
        select = select.filter(column.gte(from.0));
    }
    if let Some(until) = until {
        select = select.filter(column.lt(until.0));
    }
    select
}

/// Rows by a column, equal ones by their number in the same direction, so that an index of both is walked; those without
/// a value come last in both directions, for which an index needs to have that first.
pub(crate) fn sorted<E: EntityTrait>(
    select: Select<E>,
    (column, id): (E::Column, E::Column),
    is_descending: bool,
) -> Select<E> {
    let order = if is_descending { Order::Desc } else { Order::Asc };
    if column.as_str() == id.as_str() {
        return select.order_by(id, order);
    }
    let select = if column.def().is_null() { select.order_by(column.is_null(), Order::Asc) } else { select };
    select.order_by(column, order.clone()).order_by(id, order)
}

/// Rows by a name, in any case of letters as far as the database knows them; what is equal is left to the next order.
pub(crate) fn by_name<E: EntityTrait>(select: Select<E>, name: E::Column, is_descending: bool) -> Select<E> {
    let order = if is_descending { Order::Desc } else { Order::Asc };
    select.order_by(Expr::expr(Func::lower(Expr::col((name.entity_name(), name)))), order)
}
