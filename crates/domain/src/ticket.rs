//! Tickets: what people ask the network, and what it answers.

use crate::codes;

codes! {
    /// Whose turn it is.
    pub enum TicketStatus {
        Open = 1 "waits for the network",
        Answered = 2 "answered",
        Closed = 3 "closed",
    }
}

codes! {
    /// What a ticket is about.
    pub enum TicketCategory {
        General = 1 "general question",
        Technical = 2 "links, postbacks, API",
        Offer = 3 "offers and connections",
        Lead = 4 "leads",
        Money = 5 "balances, payouts and deposits",
        Account = 6 "the account",
    }
}

codes! {
    /// How soon the network means to answer; operators decide.
    pub enum TicketPriority {
        Low = 1 "low",
        Normal = 2 "normal",
        High = 3 "high",
        Urgent = 4 "urgent",
    }
}

codes! {
    /// Who wrote a message.
    pub enum TicketSide {
        User = 1 "the person who asks",
        Network = 2 "the network",
    }
}
