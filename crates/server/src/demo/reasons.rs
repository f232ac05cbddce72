//! Why advertisers of the demo refuse leads, in their words.

/// Reasons for which leads of this category (an index in `CATEGORIES`) are refused.
pub fn rejected(category: usize) -> &'static [&'static str] {
    match category {
        0 | 1 => &[
            "No answer after seven calls on three days",
            "The buyer refused the order on the phone",
            "Wrong phone number",
            "Outside the delivery area",
            "Ordered for information only",
        ],
        2 | 3 => &[
            "Declined by scoring",
            "Existing client",
            "Applicant below the required age",
            "Papers were not handed in within ten days",
            "Loan not drawn",
        ],
        4 => &["Quote not completed", "Existing policy holder", "Vehicle outside the programme"],
        5 => &["Deposit below the minimum", "Second account in the household", "Deposit was charged back"],
        6 => &["Address not confirmed", "Profile removed within a day", "Below the required age"],
        7 | 11 => {
            &["Order cancelled before payment", "Goods returned", "Paid with a coupon that is not allowed"]
        }
        8 | 9 => &["Reinstallation", "Not opened within a day", "Emulator"],
        _ => &["No answer after five calls", "Child outside the age group", "Applied already this year"],
    }
}

/// Reasons for which leads are marked as spam.
pub const SPAM: &[&str] =
    &["Made-up contact data", "Automated sign-ups from one network", "The person never asked for anything"];
