//! What may be sent as a decision about many leads.

use std::collections::BTreeSet;

use whocpa_domain::decision::DECISION_BYTES;
use whocpa_domain::input::{Limits, Upload};
use whocpa_domain::lead::{Decider, LeadReason, LeadStatus};
use whocpa_domain::{Error, FieldErrors, Result, params};
use whocpa_store::decision::DecisionRow;

use super::csv;
use crate::lead::check_why;

params! {
    /// Decisions about many leads: either `lead_id` with `status`, or `file`.
    ///
    /// The CSV file needs a row of headings, in any order and any case: `status`, and `lead_id`, `tid` or `sale_id`
    /// (`order_id`, `transaction_id`); if you like `reason`, `comment`, `amount`; between the fields `;`, `,` or tabs. Status and
    /// reason are numbers or words. `amount` corrects the amount of the sale, by which the lead is rated anew.
    pub struct DecisionCreate {
        /// The leads, up to 1000; all get the same decision. Leads that are not yours are refused like unknown ones.
        lead_id: Option<Vec<i64>>,
        /// The decision: approved, rejected or spam; required with `lead_id`.
        status: Option<LeadStatus>,
        /// Why; required to refuse leads. The numbers are those of `POST /api/lead/<id>`.
        reason: Option<LeadReason>,
        /// Why in words, up to 1000 characters. Webmasters read them: nothing about buyers belongs there.
        comment: Option<String> where Limits::Text(0, 1000),
        /// A CSV file, up to 50000 rows and 10 MiB; UTF-8 or windows-1251.
        file: Option<Upload<DECISION_BYTES>>,
        /// 1 checks what would happen and decides nothing until you apply it; unless told, files are checked first and lists
        /// are applied at once.
        is_preview: Option<bool>,
    }
}

impl DecisionCreate {
    /// Whether it is only checked.
    pub(super) fn is_checked_only(&self) -> bool {
        self.is_preview.unwrap_or(self.file.is_some())
    }

    /// Its rows, without their decision's number, and what its sender should know.
    pub(super) async fn rows(self, by: Decider) -> Result<(Vec<DecisionRow>, String)> {
        match (&self.lead_id, &self.file) {
            (Some(_), Some(_)) => Err(Error::field("file", "Must not be sent together with lead_id")),
            (None, None) => Err(Error::field("lead_id", "Either lead_id or file must be given")),
            (None, Some(file)) => {
                self.check_alone()?;
                let shared = file.shared();
                let read = tokio::task::spawn_blocking(move || csv::read(shared.bytes(), by));
                let read = read.await.map_err(|e| Error::Internal(format!("reading decisions: {e}")))?;
                read.map_err(|words| Error::field("file", words))
            }
            (Some(ids), None) => {
                let ids: BTreeSet<i64> = ids.iter().copied().collect();
                self.check_list(&ids, by)?;
                Ok(((1..).zip(ids).map(|(number, id)| self.row(number, id)).collect(), String::new()))
            }
        }
    }

    /// A file says everything itself.
    fn check_alone(&self) -> Result<()> {
        let mut errors = FieldErrors::default();
        for (name, is_sent) in [
            ("status", self.status.is_some()),
            ("reason", self.reason.is_some()),
            ("comment", self.comment.is_some()),
        ] {
            if is_sent {
                errors.add(name, "Must stand in the file, for each of its rows");
            }
        }
        errors.finish()
    }

    fn check_list(&self, ids: &BTreeSet<i64>, by: Decider) -> Result<()> {
        let mut errors = FieldErrors::default();
        if ids.is_empty() {
            errors.add("lead_id", "Must not be empty");
        }
        let is_decision = |status: &LeadStatus| !LeadReason::of(*status, by).is_empty();
        match self.status {
            None => errors.add("status", "This parameter is required"),
            Some(status) if !is_decision(&status) => {
                errors.add("status", "Must be approved, rejected or spam (1, 2 or 3)");
            }
            Some(_) => {
                let comment = self.comment.as_deref().unwrap_or_default();
                check_why(&mut errors, by, self.status, self.reason, comment);
            }
        }
        errors.finish()
    }

    fn row(&self, number: i64, lead_id: i64) -> DecisionRow {
        DecisionRow {
            decision_id: 0,
            number,
            line: number,
            lead_id,
            tid: String::new(),
            sale_id: String::new(),
            status: self.status.unwrap_or(LeadStatus::Pending).code(),
            reason_code: self.reason.unwrap_or(LeadReason::Untold).code(),
            comment: self.comment.clone().unwrap_or_default(),
            amount: None,
            error: String::new(),
        }
    }
}
