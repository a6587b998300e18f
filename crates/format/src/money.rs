//! Money as tables and the screen show it: with what is missing from a sum.

use std::borrow::Cow;

use agtop_model::{Billing, CostBasis, PicoUsd, Spend};

use crate::{text, units};

/// What stands for, or behind, dollars that nobody pays by use.
pub const INCLUDED: &str = "incl.";

/// What was spent, and what is to be known about it: `$4.21`, `$4.21+` if some of it is unknown, `?` if all is, `local`,
/// `-` where nothing was used. What a subscription covers is marked: `$4.21 incl.`
pub fn spend(spend: &Spend) -> String {
    match (spend.basis(), spend.is_empty()) {
        (_, true) => "-".to_owned(),
        (CostBasis::Local, _) => "local".to_owned(),
        _ => amount(spend),
    }
}

/// The same as an amount in every case, as of a span of time: `$0.00` where nothing was used and for local models.
pub fn amount(spend: &Spend) -> String {
    let amount = dollars(spend);
    if spend.billing == Billing::Included { format!("{amount} {INCLUDED}") } else { amount }
}

/// As [`spend`] writes it, and of a sum that is covered in part its [`parts`].
pub fn whole(sum: &Spend) -> String {
    if is_mixed(sum) { parts(sum) } else { spend(sum) }
}

/// The text of a sum in at most `columns` columns: of an amount that is covered, its mark alone if there is no room for
/// both; of a sum that is covered in part, its [`parts`], or as much of them as there is room for.
pub fn within<'t>(text: &'t str, columns: usize, spend: &Spend) -> Cow<'t, str> {
    if is_mixed(spend) {
        return Cow::Owned(mixed(spend, columns));
    }
    let is_too_long = spend.billing == Billing::Included && text::width(text) > columns;
    Cow::Borrowed(if is_too_long { INCLUDED } else { text })
}

/// Whether a subscription covers a part of it and not all.
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

/// What is paid by use, and behind it what is not: `$1.20`, `$1.20 + $4.21 incl.`, `$4.21 incl.`
pub fn parts(spend: &Spend) -> String {
    parts_per("", spend)
}

/// The same of an hour: `$1.20/h`, `$1.20/h + $4.21/h incl.`, `$4.21/h incl.`
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

/// An amount that leaves out what the sum leaves out, such as its cost an hour.
pub fn part_of(spend: &Spend, amount: PicoUsd) -> String {
    if spend.unknown_turns == 0 { units::money(amount) } else { at_least(amount) }
}

/// An amount of which a part is missing: `$4.21+`.
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
    fn a_cost_says_what_it_leaves_out() {
        assert_eq!(spend(&of(&[CENT])), "$0.01");
        assert_eq!(spend(&of(&[CENT, Cost::UNKNOWN])), "$0.01+");
        assert_eq!(spend(&of(&[Cost::UNKNOWN])), "?");
        assert_eq!(spend(&of(&[Cost::LOCAL])), "local");
        assert_eq!(spend(&of(&[])), "-");
    }

    /// `--plan max` changed a note below tables and nothing else: rows and the screen showed plain dollars.
    #[test]
    fn what_a_subscription_covers_is_marked() {
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

    /// The rows of a view showed what is paid by use, or the whole, and no mark, below a header that had both.
    #[test]
    fn a_sum_that_is_covered_in_part_is_marked_in_any_room() {
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
