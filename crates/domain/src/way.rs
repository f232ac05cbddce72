//! How a lead came in, and by which rule it found its click: both are facts of its beginning and part of its story.

use crate::codes;

codes! {
    /// The door through which a lead came in. Postbacks in the spelling of another platform keep that platform's name.
    pub enum LeadWay {
        Unknown = 0 "not written down",
        Postback = 1 "postback",
        Pixel = 2 "pixel",
        Script = 3 "script",
        Api = 4 "API",
        LeadAdd = 5 "lead/add",
        Form = 6 "order form",
        Import = 7 "import",
        Order = 8 "API, an order of the webmaster's buyer",
        ImportOrder = 9 "import, an order of the webmaster's buyer",
        Tune = 21 "postback as for TUNE",
        Everflow = 22 "postback as for Everflow",
        Affise = 23 "postback as for Affise",
        Scaleo = 24 "postback as for Scaleo",
        Trackier = 25 "postback as for Trackier",
        Offer18 = 26 "postback as for Offer18",
        AlterCpa = 27 "postback as for AlterCPA",
        CpaNetwork = 28 "postback as for cpa-network",
    }
}

impl LeadWay {
    /// Whether the buyer's order came in this way before the advertiser knew of it: the advertiser's own report of the
    /// same click is then about this lead, even when it brings a sale id.
    pub fn is_order(self) -> bool {
        matches!(self, Self::LeadAdd | Self::Form | Self::Order | Self::ImportOrder)
    }

    /// Whether the visitor's own browser reports it: without a signature, anybody could.
    pub fn is_browser(self) -> bool {
        matches!(self, Self::Pixel | Self::Script)
    }
}

codes! {
    /// How a lead found the click that is paid for it.
    pub enum Attribution {
        Tid = 0 "the sender named the click",
        Cookie = 1 "a cookie named the click",
        CutTid = 2 "the sender named the click by a tid whose end was cut off",
        PhoneLast = 3 "the last click of the same telephone number",
        PhoneFirst = 4 "the first click of the same telephone number",
        Order = 5 "an order sent by the webmaster, without a visit",
        Named = 6 "the sender named the click later, when the report was parked",
        CookieFirst = 7 "a cookie named the visitor's first click",
    }
}

codes! {
    /// Whose a lead is that only a cookie or a telephone number names the visitor of.
    pub enum AttributionRule {
        Last = 1 "the last click",
        First = 2 "the first click",
    }
}

codes! {
    /// What a sender allows to be done with a conversion.
    pub enum Intent {
        Any = 0 "a new lead, or a change of the one that is there",
        Add = 1 "a new lead only",
        Change = 2 "a change of the lead that is there only",
    }
}
