//! How a file's responses are written: first the keys, which cannot be made smaller, then each response as the
//! difference from the one before it.

use agtop_model::{
    InferenceGeo, Lineage, MessageKey, PicoUsd, Purpose, RecordTime, Response, ServiceTier, StopReason, Timestamp,
    Usage, UsageExtent,
};

use crate::codec::{BlobReader, BlobValue, BlobWriter, DamagedBlob, DecodeResult, at, place};
use crate::file_summary::{NameIndex, ResponseRecord};

/// A response starts with the set of what it has; the most usual of it needs a byte.
mod has {
    pub(super) const INPUT: u64 = 1;
    pub(super) const CACHE_READ: u64 = 1 << 1;
    pub(super) const CACHE_WRITE_5M: u64 = 1 << 2;
    pub(super) const OUTPUT: u64 = 1 << 3;
    pub(super) const REASONING: u64 = 1 << 4;
    /// Tier, extent, stop or lineage differ from the response before.
    pub(super) const NEW_ATTRIBUTES: u64 = 1 << 5;
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
    model: Option<NameIndex>,
    at: i64,
    opened: i64,
    attributes: u64,
    part_of: Option<MessageKey>,
}

impl Before {
    const FIRST: Self = Self { session: 0, model: None, at: 0, opened: 0, attributes: 0, part_of: None };
}

/// Class of service, extent, lineage and reason to stop as one number: few combinations occur in a file.
fn attributes(response: &ResponseRecord) -> u64 {
    let (tier, extent) = (place(&TIERS, &response.counted.tier), place(&EXTENTS, &response.counted.extent));
    let (lineage, stop) = (place(&LINEAGES, &response.counted.lineage), place(&STOPS, &response.counted.stop));
    let (geo, purpose) = (place(&GEOS, &response.counted.geo), place(&PURPOSES, &response.counted.purpose));
    let class = (purpose * GEOS.len() as u64 + geo) * TIERS.len() as u64 + tier;
    ((class * EXTENTS.len() as u64 + extent) * LINEAGES.len() as u64 + lineage) * STOPS.len() as u64 + stop
}

#[derive(Clone, Copy)]
struct ResponseAttributes {
    tier: ServiceTier,
    geo: InferenceGeo,
    purpose: Purpose,
    extent: UsageExtent,
    lineage: Lineage,
    stop: Option<StopReason>,
}

fn attributes_of(number: u64) -> DecodeResult<ResponseAttributes> {
    let mut left = number;
    let mut digit = |base: usize| {
        let digit = left % base as u64;
        left /= base as u64;
        digit
    };
    let (stop, lineage, extent) = (digit(STOPS.len()), digit(LINEAGES.len()), digit(EXTENTS.len()));
    let (tier, geo) = (digit(TIERS.len()), digit(GEOS.len()));
    Ok(ResponseAttributes {
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

pub(crate) fn put(responses: &[ResponseRecord], to: &mut BlobWriter) {
    to.number(responses.len() as u64);
    for response in responses {
        response.message.put(to);
    }
    let mut before = Before::FIRST;
    for response in responses {
        put_response(response, &mut before, to);
    }
}

fn put_response(response: &ResponseRecord, before: &mut Before, to: &mut BlobWriter) {
    let counted = &response.counted;
    let (attributes, opened) = (attributes(response), counted.opened.as_millis());
    let time = response.time.stated.map_or(before.at, Timestamp::as_millis);
    let model = counted.stated_model;
    let (part_of, more) =
        response.part_of.keys().split_first().map_or((None, &[][..]), |(first, more)| (Some(*first), more));
    let buckets = buckets(&counted.usage);
    let flags = [
        (has::CONTEXT_USED, counted.context_used.is_some()),
        (has::COST, counted.embedded_cost.is_some()),
        (has::PART_OF, part_of.is_some()),
        (has::NEW_PART_OF, part_of.is_some() && part_of != before.part_of),
        (has::MORE_PART_OF, !more.is_empty()),
        (has::NEW_SESSION, response.session != before.session),
        (has::NEW_MODEL, model != before.model),
        (has::OTHER_MODEL, counted.any_model != model),
        (has::NEW_OPENED, opened != before.opened),
        (has::NEW_ATTRIBUTES, attributes != before.attributes),
        (has::NO_TIME, response.time.stated.is_none()),
        (has::BEFORE, response.time.before.is_some()),
        (has::REQUESTS, counted.requests != 1),
    ];
    let used = buckets.iter().map(|&(bit, count)| (bit, count > 0));
    let set = flags.into_iter().chain(used).filter(|(_, is_set)| *is_set).fold(0, |set, (bit, _)| set | bit);
    to.number(set);
    to.signed(time.wrapping_sub(before.at));
    for (_, count) in buckets.into_iter().filter(|(_, count)| *count > 0) {
        to.number(count);
    }
    if set & has::NEW_ATTRIBUTES != 0 {
        to.number(attributes);
    }
    if let Some(used) = counted.context_used {
        to.number(used);
    }
    if let Some(cost) = counted.embedded_cost {
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
        response.session.put(to);
    }
    if set & has::NEW_MODEL != 0 {
        model.put(to);
    }
    if set & has::NEW_OPENED != 0 {
        to.signed(opened.wrapping_sub(time));
    }
    if let Some(earlier) = response.time.before {
        to.signed(earlier.as_millis().wrapping_sub(time));
    }
    if counted.any_model != model {
        counted.any_model.put(to);
    }
    if counted.requests != 1 {
        to.number(counted.requests);
    }
    *before = Before { session: response.session, model, at: time, opened, attributes, part_of: before.part_of };
}

pub(crate) fn take(from: &mut BlobReader<'_>) -> DecodeResult<Vec<ResponseRecord>> {
    let count = from.count()?;
    let keys = from.raw(count.checked_mul(size_of::<u128>()).ok_or(DamagedBlob)?)?;
    // As many keys are there, so there may well be as many responses.
    let mut responses = Vec::with_capacity(count);
    let mut before = Before::FIRST;
    let mut attributes = attributes_of(0)?;
    for key in keys.as_chunks().0 {
        let message = MessageKey::from_bits(u128::from_le_bytes(*key));
        responses.push(take_response(message, &mut before, &mut attributes, from)?);
    }
    Ok(responses)
}

#[inline]
fn take_response(
    message: MessageKey,
    before: &mut Before,
    attributes: &mut ResponseAttributes,
    from: &mut BlobReader<'_>,
) -> DecodeResult<ResponseRecord> {
    let set = from.number()?;
    if set & !has::ALL != 0 {
        return Err(DamagedBlob);
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
    if set & has::NEW_ATTRIBUTES != 0 {
        *attributes = attributes_of(from.number()?)?;
    }
    let context_used = if set & has::CONTEXT_USED == 0 { None } else { Some(from.number()?) };
    let embedded_cost = if set & has::COST == 0 { None } else { Some(PicoUsd::take(from)?) };
    if set & has::NEW_PART_OF != 0 {
        before.part_of = Some(MessageKey::take(from)?);
    }
    let part_of = if set & has::PART_OF == 0 { None } else { Some(before.part_of.ok_or(DamagedBlob)?) };
    let part_of = if set & has::MORE_PART_OF == 0 {
        part_of.into()
    } else {
        let more = from.count()?;
        let more: DecodeResult<Vec<MessageKey>> = (0..more).map(|_| MessageKey::take(from)).collect();
        part_of.into_iter().chain(more?).collect()
    };
    if set & has::NEW_SESSION != 0 {
        before.session = BlobValue::take(from)?;
    }
    if set & has::NEW_MODEL != 0 {
        before.model = BlobValue::take(from)?;
    }
    if set & has::NEW_OPENED != 0 {
        before.opened = before.at.wrapping_add(from.signed()?);
    }
    let stated = (set & has::NO_TIME == 0).then_some(Timestamp::from_millis(before.at));
    let earlier = if set & has::BEFORE == 0 { None } else { Some(before.at.wrapping_add(from.signed()?)) };
    let any_model = if set & has::OTHER_MODEL == 0 { before.model } else { BlobValue::take(from)? };
    let requests = if set & has::REQUESTS == 0 { 1 } else { from.number()? };
    let ResponseAttributes { tier, geo, purpose, extent, lineage, stop } = *attributes;
    let counted = Response {
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
    Ok(ResponseRecord { session: before.session, message, part_of, time, counted })
}

/// Whether all of them belong to one of so many sessions and name one of so many models.
pub(crate) fn fit(responses: &[ResponseRecord], sessions: usize, names: usize) -> bool {
    responses.iter().all(|response| {
        (response.session as usize) < sessions
            && [response.counted.stated_model, response.counted.any_model]
                .into_iter()
                .flatten()
                .all(|NameIndex(name)| (name as usize) < names)
    })
}
