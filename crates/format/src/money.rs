//! Cost as tables and the screen show it, with marks for unknown and covered parts.

use std::borrow::Cow;

use agtop_model::{Billing, CostBasis, PicoUsd, Spend};

use crate::{text, units};

/// The mark of a cost that a subscription covers.
pub const INCLUDED: &str = "incl.";

/// A cost: `$4.21`, `$4.21+` if a part of it is unknown, `?` if all of it is, `local`, `-` without usage. A covered cost
/// is marked: `$4.21 incl.`
pub fn spend(spend: &Spend) -> String {
    match (spend.basis(), spend.is_empty()) {
        (_, true) => "-".to_owned(),
        (CostBasis::Local, _) => "local".to_owned(),
        _ => amount(spend),
    }
}

/// The same with cents, however large the amount is.
pub fn exact(sum: &Spend) -> String {
    let text = spend(sum);
    let known = sum.known().unwrap_or(PicoUsd::ZERO);
    text.replacen(&units::money(known), &units::cents(known), 1)
}

/// The same for a span of time: always an amount, `$0.00` without usage and for local models.
pub fn amount(spend: &Spend) -> String {
    let amount = dollars(spend);
    if spend.billing == Billing::Included { format!("{amount} {INCLUDED}") } else { amount }
}

/// A cost in the form of [`spend`], or in the form of [`parts`] if it is partly covered.
pub fn whole(sum: &Spend) -> String {
    if is_mixed(sum) { parts(sum) } else { spend(sum) }
}

/// The text of a cost in at most `columns` columns. A covered cost is only its mark if both do not fit. A partly covered
/// cost is its [`parts`], shortened to fit.
pub fn within<'t>(text: &'t str, columns: usize, spend: &Spend) -> Cow<'t, str> {
    if is_mixed(spend) {
        return Cow::Owned(mixed(spend, columns));
    }
    let is_too_long = spend.billing == Billing::Included && text::width(text) > columns;
    Cow::Borrowed(if is_too_long { INCLUDED } else { text })
}

/// Whether a subscription covers a part of the cost but not all of it.
pub fn is_mixed(spend: &Spend) -> bool {
    spend.billing == Billing::Metered && spend.covered != PicoUsd::ZERO
}

fn mixed(spend: &Spend, columns: usize) -> String {
    let whole = parts(spend);
    if text::width(&whole) <= columns {
        return whole;
    }
    let short = format!("{} + {INCLUDED}", amount(&spend.metered()));
    if text::width(&short) <= columns { short } else { text::truncate(&whole, columns).into_owned() }
}

/// The cost that is paid by use, then the covered cost: `$1.20`, `$1.20 + $4.21 incl.`, `$4.21 incl.`
pub fn parts(spend: &Spend) -> String {
    parts_per("", spend)
}

/// The same for an hour: `$1.20/h`, `$1.20/h + $4.21/h incl.`, `$4.21/h incl.`
pub fn parts_per_hour(spend: &Spend) -> String {
    parts_per("/h", spend)
}

fn parts_per(unit: &str, spend: &Spend) -> String {
    if spend.billing == Billing::Included {
        return format!("{}{unit} {INCLUDED}", dollars(spend));
    }
    let metered = format!("{}{unit}", dollars(&spend.metered()));
    if is_mixed(spend) { format!("{metered} + {}{unit} {INCLUDED}", units::money(spend.covered)) } else { metered }
}

fn dollars(spend: &Spend) -> String {
    match spend.known() {
        Some(amount) => part_of(spend, amount),
        None if spend.is_empty() => units::money(PicoUsd::ZERO),
        None => "?".to_owned(),
    }
}

/// An amount that is derived from the cost, such as the cost an hour: `$4.21+` if a part of the cost is unknown.
pub fn part_of(spend: &Spend, amount: PicoUsd) -> String {
    if spend.unknown_turns == 0 { units::money(amount) } else { at_least(amount) }
}

/// An amount with an unknown part: `$4.21+`.
pub fn at_least(amount: PicoUsd) -> String {
    format!("{}+", units::money(amount))
}

#[cfg(test)]
mod tests {
    use agtop_model::Cost;

    use super::*;

    const CENT: Cost = Cost { amount: Some(PicoUsd::new(10_000_000_000)), basis: CostBasis::Api };

    fn of(costs: &[Cost]) -> Spend {
        let mut spend = Spend::default();
        for &one in costs {
            spend.add(one, 7);
        }
        spend
    }

    #[test]
    fn a_cost_is_marked_if_a_part_is_unknown() {
        assert_eq!(spend(&of(&[CENT])), "$0.01");
        assert_eq!(spend(&of(&[CENT, Cost::UNKNOWN])), "$0.01+");
        assert_eq!(spend(&of(&[Cost::UNKNOWN])), "?");
        assert_eq!(spend(&of(&[Cost::LOCAL])), "local");
        assert_eq!(spend(&of(&[])), "-");
    }

    /// `--plan max` changed only a note below tables: rows and the screen showed plain dollars.
    #[test]
    fn a_covered_cost_is_marked() {
        let mut covered = of(&[CENT]);
        covered.cover();
        assert_eq!((spend(&covered), parts(&covered)), ("$0.01 incl.".to_owned(), "$0.01 incl.".to_owned()));
        assert_eq!([8, 11].map(|columns| within("$0.01 incl.", columns, &covered)), ["incl.", "$0.01 incl."]);
        let mut both = of(&[CENT, CENT]);
        both += covered;
        assert_eq!((spend(&both), parts(&both)), ("$0.03".to_owned(), "$0.02 + $0.01 incl.".to_owned()));
        assert_eq!(parts(&of(&[CENT])), "$0.01");
        assert_eq!(
            [of(&[CENT]), both, covered].map(|spend| parts_per_hour(&spend)),
            ["$0.01/h", "$0.02/h + $0.01/h incl.", "$0.01/h incl."]
        );
    }

    /// The rows of a view showed an amount without a mark, below a header that had both parts.
    #[test]
    fn a_partly_covered_cost_is_marked_at_every_width() {
        let mut both = of(&[CENT, CENT]);
        let mut covered = of(&[CENT]);
        covered.cover();
        both += covered;
        let shown = [20, 13, 8].map(|columns| within("$0.03", columns, &both).into_owned());
        assert_eq!(shown, ["$0.02 + $0.01 incl.", "$0.02 + incl.", "$0.02 +…"]);
    }

    #[test]
    fn the_cost_of_a_span_of_time_is_an_amount_or_unknown() {
        let costs: [&[Cost]; 4] = [&[], &[Cost::LOCAL], &[CENT, Cost::UNKNOWN], &[Cost::LOCAL, Cost::UNKNOWN]];
        assert_eq!(costs.map(|costs| amount(&of(costs))), ["$0.00", "$0.00", "$0.01+", "?"]);
    }
}
