//! The words of documents, in the language of the person whose they are.

/// A language of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words(usize);

impl Words {
    /// By its ISO 639-1 code; English for others.
    pub(super) fn of(code: &str) -> Self {
        Self(["en", "ru", "uk"].iter().position(|known| *known == code).unwrap_or(0))
    }
}

macro_rules! words {
    ($($name:ident: $english:literal $russian:literal $ukrainian:literal;)*) => {
        impl Words {
            $(pub(super) fn $name(self) -> &'static str {
                [$english, $russian, $ukrainian][self.0]
            })*
        }
    };
}

words! {
    invoice: "Invoice" "Счёт" "Рахунок";
    remittance: "Payout" "Выплата" "Виплата";
    statement: "Statement" "Выписка" "Виписка";
    from: "From" "От кого" "Від кого";
    to: "To" "Кому" "Кому";
    date: "Date" "Дата" "Дата";
    due: "Due until" "Оплатить до" "Сплатити до";
    amount: "Amount" "Сумма" "Сума";
    fee: "Fee" "Комиссия" "Комісія";
    arrives: "Arrives" "К получению" "До отримання";
    account: "Account" "Счёт получателя" "Рахунок отримувача";
    paid: "Paid" "Оплачено" "Сплачено";
    period: "Period" "Период" "Період";
    opening: "Opening balance" "Остаток на начало" "Залишок на початок";
    closing: "Closing balance" "Остаток на конец" "Залишок на кінець";
    kind: "What moved" "Что двигалось" "Що рухалося";
    count: "Number" "Число" "Кількість";
    credit: "In" "Приход" "Надходження";
    debit: "Out" "Расход" "Витрата";
}
