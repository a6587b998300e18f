//! How a file's responses are written: first the keys, which cannot be made smaller, then each response as the
//! difference from the one before it.

use agtop_model::{
    InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, RecordTime, Response, ServiceTier, StopReason, Timestamp,
    Usage, UsageExtent,
};

use crate::codec::{Damaged, Reader, Taken, Wire, Writer, at, place};
use crate::memory::{Name, TurnMemory};

/// A response starts with the set of what it has; the most usual of it needs a byte.
mod has {
    pub(super) const INPUT: u64 = 1;
    pub(super) const CACHE_READ: u64 = 1 << 1;
    pub(super) const CACHE_WRITE_5M: u64 = 1 << 2;
    pub(super) const OUTPUT: u64 = 1 << 3;
    pub(super) const REASONING: u64 = 1 << 4;
    /// Tier, extent, stop or lineage differ from the response before.
    pub(super) const NEW_MANNER: u64 = 1 << 5;
    pub(super) const CONTEXT_USED: u64 = 1 << 6;
    pub(super) const CACHE_WRITE_1H: u64 = 1 << 7;
    pub(super) const WEB_SEARCHES: u64 = 1 << 8;
    pub(super) const COST: u64 = 1 << 9;
    pub(super) const PART_OF: u64 = 1 << 10;
    /// Another coarse record than the response before.
    pub(super) const NEW_PART_OF: u64 = 1 << 11;
    pub(super) const NEW_SESSION: u64 = 1 << 12;
    pub(super) const NEW_MODEL: u64 = 1 << 13;
    pub(super) const NEW_OPENED: u64 = 1 << 14;
    /// More than one coarse record.
    pub(super) const MORE_PART_OF: u64 = 1 << 15;
    /// It does not say itself when it happened.
    pub(super) const NO_TIME: u64 = 1 << 16;
    /// The time of the record before it matters.
    pub(super) const BEFORE: u64 = 1 << 17;
    /// Another copy names another model.
    pub(super) const OTHER_MODEL: u64 = 1 << 18;
    /// It answers another number of requests than one.
    pub(super) const REQUESTS: u64 = 1 << 19;
    pub(super) const ALL: u64 = (1 << 20) - 1;
}

const TIERS: [ServiceTier; 5] =
    [ServiceTier::Standard, ServiceTier::Priority, ServiceTier::Flex, ServiceTier::Batch, ServiceTier::Fast];
const GEOS: [InferenceGeo; 2] = [InferenceGeo::Global, InferenceGeo::Us];
const PURPOSES: [Purpose; 2] = [Purpose::Answer, Purpose::Compaction];
const EXTENTS: [UsageExtent; 2] = [UsageExtent::Response, UsageExtent::Sum];
const LINEAGES: [Lineage; 3] = [Lineage::Main, Lineage::Sidechain, Lineage::Embedded];
const STOPS: [Option<StopReason>; 6] = [
    None,
    Some(StopReason::EndTurn),
    Some(StopReason::ToolUse),
    Some(StopReason::MaxTokens),
    Some(StopReason::StopSequence),
    Some(StopReason::Other),
];

/// What the next response is likely to share with this one.
struct Before {
    session: u32,
    model: Option<Name>,
    at: i64,
    opened: i64,
    manner: u64,
    part_of: Option<MessageKey>,
}

impl Before {
    const FIRST: Self = Self { session: 0, model: None, at: 0, opened: 0, manner: 0, part_of: None };
}

/// Class of service, extent, lineage and reason to stop as one number: few combinations occur in a file.
fn manner(turn: &TurnMemory) -> u64 {
    let (tier, extent) = (place(&TIERS, &turn.response.tier), place(&EXTENTS, &turn.response.extent));
    let (lineage, stop) = (place(&LINEAGES, &turn.response.lineage), place(&STOPS, &turn.response.stop));
    let (geo, purpose) = (place(&GEOS, &turn.response.geo), place(&PURPOSES, &turn.response.purpose));
    let class = (purpose * GEOS.len() as u64 + geo) * TIERS.len() as u64 + tier;
    ((class * EXTENTS.len() as u64 + extent) * LINEAGES.len() as u64 + lineage) * STOPS.len() as u64 + stop
}

#[derive(Clone, Copy)]
struct Manner {
    tier: ServiceTier,
    geo: InferenceGeo,
    purpose: Purpose,
    extent: UsageExtent,
    lineage: Lineage,
    stop: Option<StopReason>,
}

fn manner_of(number: u64) -> Taken<Manner> {
    let mut left = number;
    let mut digit = |base: usize| {
        let digit = left % base as u64;
        left /= base as u64;
        digit
    };
    let (stop, lineage, extent) = (digit(STOPS.len()), digit(LINEAGES.len()), digit(EXTENTS.len()));
    let (tier, geo) = (digit(TIERS.len()), digit(GEOS.len()));
    Ok(Manner {
        tier: at(&TIERS, tier)?,
        geo: at(&GEOS, geo)?,
        purpose: at(&PURPOSES, left)?,
        extent: at(&EXTENTS, extent)?,
        lineage: at(&LINEAGES, lineage)?,
        stop: at(&STOPS, stop)?,
    })
}

/// The buckets with their bits, in the order in which they are written.
fn buckets(usage: &Usage) -> [(u64, u64); 7] {
    [
        (has::INPUT, usage.input),
        (has::CACHE_READ, usage.cache_read),
        (has::CACHE_WRITE_5M, usage.cache_write_5m),
        (has::CACHE_WRITE_1H, usage.cache_write_1h),
        (has::OUTPUT, usage.output),
        (has::REASONING, usage.reasoning),
        (has::WEB_SEARCHES, usage.web_searches),
    ]
}

pub(crate) fn put(turns: &[TurnMemory], to: &mut Writer) {
    to.number(turns.len() as u64);
    for turn in turns {
        turn.message.put(to);
    }
    let mut before = Before::FIRST;
    for turn in turns {
        put_turn(turn, &mut before, to);
    }
}

fn put_turn(turn: &TurnMemory, before: &mut Before, to: &mut Writer) {
    let response = &turn.response;
    let (manner, opened) = (manner(turn), response.opened.as_millis());
    let time = turn.time.stated.map_or(before.at, Timestamp::as_millis);
    let model = response.stated_model;
    let (part_of, more) =
        turn.part_of.keys().split_first().map_or((None, &[][..]), |(first, more)| (Some(*first), more));
    let buckets = buckets(&response.usage);
    let flags = [
        (has::CONTEXT_USED, response.context_used.is_some()),
        (has::COST, response.embedded_cost.is_some()),
        (has::PART_OF, part_of.is_some()),
        (has::NEW_PART_OF, part_of.is_some() && part_of != before.part_of),
        (has::MORE_PART_OF, !more.is_empty()),
        (has::NEW_SESSION, turn.session != before.session),
        (has::NEW_MODEL, model != before.model),
        (has::OTHER_MODEL, response.any_model != model),
        (has::NEW_OPENED, opened != before.opened),
        (has::NEW_MANNER, manner != before.manner),
        (has::NO_TIME, turn.time.stated.is_none()),
        (has::BEFORE, turn.time.before.is_some()),
        (has::REQUESTS, response.requests != 1),
    ];
    let used = buckets.iter().map(|&(bit, count)| (bit, count > 0));
    let set = flags.into_iter().chain(used).filter(|(_, is_set)| *is_set).fold(0, |set, (bit, _)| set | bit);
    to.number(set);
    to.signed(time.wrapping_sub(before.at));
    for (_, count) in buckets.into_iter().filter(|(_, count)| *count > 0) {
        to.number(count);
    }
    if set & has::NEW_MANNER != 0 {
        to.number(manner);
    }
    if let Some(used) = response.context_used {
        to.number(used);
    }
    if let Some(cost) = response.embedded_cost {
        cost.put(to);
    }
    if let Some(coarse) = part_of {
        if set & has::NEW_PART_OF != 0 {
            coarse.put(to);
        }
        before.part_of = Some(coarse);
    }
    if !more.is_empty() {
        to.number(more.len() as u64);
        for coarse in more {
            coarse.put(to);
        }
    }
    if set & has::NEW_SESSION != 0 {
        turn.session.put(to);
    }
    if set & has::NEW_MODEL != 0 {
        model.put(to);
    }
    if set & has::NEW_OPENED != 0 {
        to.signed(opened.wrapping_sub(time));
    }
    if let Some(earlier) = turn.time.before {
        to.signed(earlier.as_millis().wrapping_sub(time));
    }
    if response.any_model != model {
        response.any_model.put(to);
    }
    if response.requests != 1 {
        to.number(response.requests);
    }
    *before = Before { session: turn.session, model, at: time, opened, manner, part_of: before.part_of };
}

pub(crate) fn take(from: &mut Reader<'_>) -> Taken<Vec<TurnMemory>> {
    let count = from.count()?;
    let keys = from.raw(count.checked_mul(size_of::<u128>()).ok_or(Damaged)?)?;
    // As many keys are there, so there may well be as many responses.
    let mut turns = Vec::with_capacity(count);
    let mut before = Before::FIRST;
    let mut manner = manner_of(0)?;
    for key in keys.as_chunks().0 {
        let message = MessageKey::from_bits(u128::from_le_bytes(*key));
        turns.push(take_turn(message, &mut before, &mut manner, from)?);
    }
    Ok(turns)
}

#[inline]
fn take_turn(
    message: MessageKey,
    before: &mut Before,
    manner: &mut Manner,
    from: &mut Reader<'_>,
) -> Taken<TurnMemory> {
    let set = from.number()?;
    if set & !has::ALL != 0 {
        return Err(Damaged);
    }
    before.at = before.at.wrapping_add(from.signed()?);
    let mut bucket = |bit: u64| if set & bit == 0 { Ok(0) } else { from.number() };
    let usage = Usage {
        input: bucket(has::INPUT)?,
        cache_read: bucket(has::CACHE_READ)?,
        cache_write_5m: bucket(has::CACHE_WRITE_5M)?,
        cache_write_1h: bucket(has::CACHE_WRITE_1H)?,
        output: bucket(has::OUTPUT)?,
        reasoning: bucket(has::REASONING)?,
        web_searches: bucket(has::WEB_SEARCHES)?,
    };
    if set & has::NEW_MANNER != 0 {
        *manner = manner_of(from.number()?)?;
    }
    let context_used = if set & has::CONTEXT_USED == 0 { None } else { Some(from.number()?) };
    let embedded_cost = if set & has::COST == 0 { None } else { Some(PicoUsd::take(from)?) };
    if set & has::NEW_PART_OF != 0 {
        before.part_of = Some(MessageKey::take(from)?);
    }
    let part_of = if set & has::PART_OF == 0 { None } else { Some(before.part_of.ok_or(Damaged)?) };
    let part_of = if set & has::MORE_PART_OF == 0 {
        part_of.into()
    } else {
        let more = from.count()?;
        let more: Taken<Vec<MessageKey>> = (0..more).map(|_| MessageKey::take(from)).collect();
        part_of.into_iter().chain(more?).collect()
    };
    if set & has::NEW_SESSION != 0 {
        before.session = Wire::take(from)?;
    }
    if set & has::NEW_MODEL != 0 {
        before.model = Wire::take(from)?;
    }
    if set & has::NEW_OPENED != 0 {
        before.opened = before.at.wrapping_add(from.signed()?);
    }
    let stated = (set & has::NO_TIME == 0).then_some(Timestamp::from_millis(before.at));
    let earlier = if set & has::BEFORE == 0 { None } else { Some(before.at.wrapping_add(from.signed()?)) };
    let any_model = if set & has::OTHER_MODEL == 0 { before.model } else { Wire::take(from)? };
    let requests = if set & has::REQUESTS == 0 { 1 } else { from.number()? };
    let Manner { tier, geo, purpose, extent, lineage, stop } = *manner;
    let response = Response {
        usage,
        tier,
        geo,
        purpose,
        extent,
        requests,
        stated_model: before.model,
        any_model,
        embedded_cost,
        stop,
        context_used,
        lineage,
        opened: Timestamp::from_millis(before.opened),
    };
    let time = RecordTime { stated, before: earlier.map(Timestamp::from_millis) };
    Ok(TurnMemory { session: before.session, message, part_of, time, response })
}

/// Whether all of them belong to one of so many sessions and name one of so many models.
pub(crate) fn fit(turns: &[TurnMemory], sessions: usize, names: usize) -> bool {
    turns.iter().all(|turn| {
        (turn.session as usize) < sessions
            && [turn.response.stated_model, turn.response.any_model]
                .into_iter()
                .flatten()
                .all(|Name(name)| (name as usize) < names)
    })
}
