//! Money as tables and the screen show it: with what is missing from a sum.

use agtop_model::{Basis, Billing, PicoUsd, Spend};

use crate::{text, units};

/// What stands for, or behind, dollars that nobody pays by use.
pub const INCLUDED: &str = "incl.";

/// What was spent, and what is to be known about it: `$4.21`, `$4.21+` if some of it is unknown, `?` if all is, `local`,
/// `-` where nothing was used. What a subscription covers is marked: `$4.21 incl.`
pub fn spend(spend: &Spend) -> String {
    match (spend.basis(), spend.is_nothing()) {
        (_, true) => "-".to_owned(),
        (Basis::Local, _) => "local".to_owned(),
        _ => amount(spend),
    }
}

/// The same as an amount in every case, as of a span of time: `$0.00` where nothing was used and for local models.
pub fn amount(spend: &Spend) -> String {
    let amount = dollars(spend);
    if spend.billing == Billing::Included { format!("{amount} {INCLUDED}") } else { amount }
}

/// The text in at most `columns` columns: of an amount that is covered, its mark alone if there is no room for both.
pub fn within<'t>(text: &'t str, columns: usize, spend: &Spend) -> &'t str {
    let is_too_long = spend.billing == Billing::Included && text::width(text) > columns;
    if is_too_long { INCLUDED } else { text }
}

/// What is paid by use, and behind it what is not: `$1.20`, `$1.20 + $4.21 incl.`, `$4.21 incl.`
pub fn parts(spend: &Spend) -> String {
    if spend.billing == Billing::Included || spend.covered == PicoUsd::ZERO {
        return amount(spend);
    }
    format!("{} + {} {INCLUDED}", amount(&spend.metered()), units::money(spend.covered))
}

fn dollars(spend: &Spend) -> String {
    match spend.known() {
        Some(amount) => part_of(spend, amount),
        None if spend.is_nothing() => units::money(PicoUsd::ZERO),
        None => "?".to_owned(),
    }
}

/// An amount that leaves out what the sum leaves out, such as its cost an hour.
pub fn part_of(spend: &Spend, amount: PicoUsd) -> String {
    if spend.unknown_turns == 0 { units::money(amount) } else { at_least(amount) }
}

/// An amount of which a part is missing: `$4.21+`.
pub(crate) fn at_least(amount: PicoUsd) -> String {
    format!("{}+", units::money(amount))
}

#[cfg(test)]
mod tests {
    use agtop_model::Cost;

    use super::*;

    const CENT: Cost = Cost { amount: Some(PicoUsd::new(10_000_000_000)), basis: Basis::Api };

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
        assert_eq!((within("$0.01 incl.", 8, &covered), within("$0.01 incl.", 11, &covered)), ("incl.", "$0.01 incl."));
        let mut both = of(&[CENT, CENT]);
        both += covered;
        assert_eq!((spend(&both), parts(&both)), ("$0.03".to_owned(), "$0.02 + $0.01 incl.".to_owned()));
        assert_eq!(parts(&of(&[CENT])), "$0.01");
    }

    #[test]
    fn the_cost_of_a_span_of_time_is_an_amount_or_unknown() {
        let costs: [&[Cost]; 4] = [&[], &[Cost::LOCAL], &[CENT, Cost::UNKNOWN], &[Cost::LOCAL, Cost::UNKNOWN]];
        assert_eq!(costs.map(|costs| amount(&of(costs))), ["$0.00", "$0.00", "$0.01+", "?"]);
    }
}
