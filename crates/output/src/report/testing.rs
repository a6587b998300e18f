//! What the tests of report formats share.

use agtop_demo::usage::{NOW, at};
use agtop_model::BillingPlan;
use agtop_report::{Report, ReportKind, ReportOptions};

use crate::View;
use crate::report::{ReportContext, report_format};
use crate::testing::view;

pub(super) fn options(kind: ReportKind) -> ReportOptions {
    ReportOptions { plan: BillingPlan::Max, ..ReportOptions::new(kind, at(NOW)) }
}

pub(super) fn context(view: &View) -> ReportContext<'_> {
    ReportContext {
        view,
        restrictions: &[],
        prices: "2026-11-20 (bundled)",
        columns: super::ReportColumns::All,
        health: &agtop_demo::sample::DEGRADED_HEALTH,
    }
}

pub(super) fn written(report: &Report, id: &str, width: Option<usize>) -> String {
    let view = View { width, plan: BillingPlan::Max, ..view() };
    let mut out = Vec::new();
    report_format(id).unwrap().write(report, &context(&view), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
