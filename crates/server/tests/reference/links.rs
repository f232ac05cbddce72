//! Examples of links to inner pages, and of names that webmasters bring.

use whocpa_domain::Level::{Operator, Webmaster};
use whocpa_domain::Resource as R;

use crate::story::Story;

/// A webmaster links to a page of the offer's site, and parks a name of his own.
pub async fn tell(story: &mut Story, offer: &str) {
    let pages =
        [("is_deeplink", "1"), ("deeplink_hosts", "boots.example"), ("deeplink_hosts", "*.boots.example")];
    story.update(Operator, R::Offer, offer, &pages).await;
    let domain = story.create(Webmaster, R::Domain, &[("name", "go.travel-blog.example")]).await;
    let page = "https://boots.example/men?size=43";
    let form = [("offer_id", offer), ("url_to", page), ("domain_id", &domain), ("subid1", "size-43")];
    let deeplink = story.create(Webmaster, R::Deeplink, &form).await;
    story.update(Webmaster, R::Deeplink, &deeplink, &[("name", "Boots of size 43")]).await;
    for level in [Webmaster, Operator] {
        for (resource, id) in [(R::Domain, &domain), (R::Deeplink, &deeplink)] {
            story.list(level, resource, &[]).await;
            story.view(level, resource, id).await;
        }
    }
    let spare = [("offer_id", offer), ("url_to", "https://boots.example/old")];
    let spare = story.create(Webmaster, R::Deeplink, &spare).await;
    story.delete(Webmaster, R::Deeplink, &spare).await;
    let spare = story.create(Webmaster, R::Domain, &[("name", "old.travel-blog.example")]).await;
    story.delete(Webmaster, R::Domain, &spare).await;
    let block = [("status", "3"), ("reason", "The name imitates a bank")];
    story.update(Operator, R::Domain, &domain, &block).await;
    let taken = story.create(Webmaster, R::Domain, &[("name", "boots.example")]).await;
    story.delete(Operator, R::Domain, &taken).await;
}
