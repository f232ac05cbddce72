//! Categories of offers.

use whocpa_domain::input::limits;
use whocpa_domain::text::fold;
use whocpa_domain::{Error, Level, Method, Resource, Result, params, view};
use whocpa_store::category::{self, Category};

use crate::audit::Changes;
use crate::{Caller, Engine};

params! {
    /// Which categories are wanted.
    pub struct CategoryList {
        /// Part of a name in any language, in any case of letters.
        search: Option<String> where limits::LINE,
        /// 1 for categories that offers may use only, 0 for the others only; for operators.
        is_active: Option<bool>,
    }
}

params! {
    /// A new category.
    pub struct CategoryCreate {
        /// Name in English, unique.
        name_en: String where limits::NAME,
        /// Name in Russian.
        name_ru: String where limits::NAME,
        /// Whether offers may use it; yes unless told.
        is_active: Option<bool>,
    }
}

params! {
    /// Changes of a category.
    pub struct CategoryUpdate {
        /// Name in English, unique.
        name_en: Option<String> where limits::NAME,
        /// Name in Russian.
        name_ru: Option<String> where limits::NAME,
        /// Whether offers may use it.
        is_active: Option<bool>,
    }
}

view! {
    /// A category.
    pub struct CategoryView {
        /// Category id.
        id: i64,
        /// Name in English.
        name_en: String,
        /// Name in Russian.
        name_ru: String,
        /// Whether offers may use it.
        is_active: bool,
    }
}

impl From<Category> for CategoryView {
    fn from(row: Category) -> Self {
        Self { id: row.id, name_en: row.name_en, name_ru: row.name_ru, is_active: row.is_active }
    }
}

impl Engine {
    /// Categories by name.
    pub async fn category_list(&self, caller: Caller, input: CategoryList) -> Result<Vec<CategoryView>> {
        let scope = caller.may(Resource::Category, Method::List)?;
        if input.is_active.is_some() && caller.level != Level::Operator {
            return Err(Error::field("is_active", "Only operators may use this"));
        }
        let search = input.search.as_deref().map(fold);
        let is_found = |row: &Category| {
            let has = |search: &String| {
                [&row.name_en, &row.name_ru].into_iter().any(|name| fold(name).contains(search))
            };
            search.as_ref().is_none_or(has) && input.is_active.is_none_or(|wanted| row.is_active == wanted)
        };
        // There are some dozens of them.
        let rows = category::list(&self.store().read(), scope).await?;
        Ok(rows.into_iter().filter(is_found).map(CategoryView::from).collect())
    }

    /// One category.
    pub async fn category_view(&self, caller: Caller, id: i64) -> Result<CategoryView> {
        let scope = caller.may(Resource::Category, Method::View)?;
        let row = category::view(&self.store().read(), scope, id).await?;
        row.map(CategoryView::from).ok_or(Error::NotFound)
    }

    /// Changes a category; absent fields keep their value.
    pub async fn category_update(&self, caller: Caller, id: i64, input: CategoryUpdate) -> Result<()> {
        let scope = caller.may(Resource::Category, Method::Update)?;
        let input = &input;
        self.store()
            .write(move |db| async move {
                let before = category::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
                let mut row = before.clone();
                row.name_en = input.name_en.clone().unwrap_or(row.name_en);
                row.name_ru = input.name_ru.clone().unwrap_or(row.name_ru);
                row.is_active = input.is_active.unwrap_or(row.is_active);
                check(&row)?;
                let changes = Changes::updated(&before, &row);
                category::update(&db, row).await?;
                self.note(&db, caller, Resource::Category, id, changes).await
            })
            .await
    }

    /// Adds a category; gives its id.
    pub async fn category_create(&self, caller: Caller, input: CategoryCreate) -> Result<i64> {
        caller.may(Resource::Category, Method::Create)?;
        let CategoryCreate { name_en, name_ru, is_active } = input;
        let row = Category { id: 0, name_en, name_ru, is_active: is_active.unwrap_or(true) };
        check(&row)?;
        let row = &row;
        self.store()
            .write(move |db| async move {
                let id = category::create(&db, row.clone()).await?;
                self.note(&db, caller, Resource::Category, id, Changes::created(row)).await?;
                Ok(id)
            })
            .await
    }

    /// Removes a category that no offer uses.
    pub async fn category_delete(&self, caller: Caller, id: i64) -> Result<()> {
        let scope = caller.may(Resource::Category, Method::Delete)?;
        self.store()
            .write(move |db| async move {
                let row = category::view(&db, scope, id).await?.ok_or(Error::NotFound)?;
                if !category::delete(&db, id).await? {
                    return Err(Error::Conflict("Offers use this category".to_owned()));
                }
                self.note(&db, caller, Resource::Category, id, Changes::deleted(&row)).await
            })
            .await
    }
}

fn check(row: &Category) -> Result<()> {
    let mut errors = whocpa_domain::FieldErrors::default();
    crate::check::name(&mut errors, "name_en", &row.name_en);
    crate::check::name(&mut errors, "name_ru", &row.name_ru);
    errors.finish()
}
