//! Why advertisers of the demo refuse leads: a reason from the list, and their words.

use whocpa_domain::lead::LeadReason as R;

/// A reason and the words beside it.
pub type Reason = (R, &'static str);

/// Reasons for which leads of this category (an index in `CATEGORIES`) are refused.
pub fn rejected(category: usize) -> &'static [Reason] {
    match category {
        0 | 1 => &[
            (R::NoAnswer, "No answer after seven calls on three days"),
            (R::Declined, "The buyer refused the order on the phone"),
            (R::Contact, "Wrong phone number"),
            (R::Region, "Outside the delivery area"),
            (R::Declined, "Ordered for information only"),
        ],
        2 | 3 => &[
            (R::Conditions, "Declined by scoring"),
            (R::Known, "Existing client"),
            (R::Conditions, "Applicant below the required age"),
            (R::NotCompleted, "Papers were not handed in within ten days"),
            (R::NotCompleted, "Loan not drawn"),
        ],
        4 => &[
            (R::NotCompleted, "Quote not completed"),
            (R::Known, "Existing policy holder"),
            (R::Conditions, "Vehicle outside the programme"),
        ],
        5 => &[
            (R::Conditions, "Deposit below the minimum"),
            (R::Known, "Second account in the household"),
            (R::NotPaid, "Deposit was charged back"),
        ],
        6 => &[
            (R::NotCompleted, "Address not confirmed"),
            (R::Cancelled, "Profile removed within a day"),
            (R::Conditions, "Below the required age"),
        ],
        7 | 11 => &[
            (R::Cancelled, "Order cancelled before payment"),
            (R::Cancelled, "Goods returned"),
            (R::Traffic, "Paid with a coupon that is not allowed"),
        ],
        8 | 9 => &[
            (R::Known, "Reinstallation"),
            (R::NotCompleted, "Not opened within a day"),
            (R::Traffic, "Emulator"),
        ],
        _ => &[
            (R::NoAnswer, "No answer after five calls"),
            (R::Conditions, "Child outside the age group"),
            (R::Known, "Applied already this year"),
        ],
    }
}

/// Reasons for which leads are marked as spam.
pub const SPAM: &[Reason] = &[
    (R::MadeUp, "Made-up contact data"),
    (R::Program, "Automated sign-ups from one network"),
    (R::Unasked, "The person never asked for anything"),
];

/// Nothing to explain.
pub const NONE: Reason = (R::Untold, "");
