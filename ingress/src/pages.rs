//! Long lists, page by page. A cursor says after which row the next page begins, so that rows which
//! are added meanwhile neither repeat nor hide another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sale::Moment;
use serde::Deserialize;
use time::OffsetDateTime;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::problem::Problem;

/// Rows of a page when nobody says how many.
pub(crate) const ROWS: u16 = 100;

/// Most rows of a page: some 200 KiB of JSON.
const ROWS_MAX: u16 = 1_000;

/// A cursor's bytes: the list, microseconds, an id.
const CURSOR_BYTES: usize = 1 + 8 + 16;

/// The query of a list that has nothing but pages.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// The `next_cursor` of the page before.
    cursor: Option<String>,
    #[serde(default = "rows")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: u16,
}

/// [`ROWS`], for serde.
pub(crate) const fn rows() -> u16 {
    ROWS
}

impl Wanted {
    /// The page of a list that begins with the newest.
    pub(crate) fn page(&self, list: List) -> Result<Page, Problem> {
        Page::asked(list, Position::newest(), self.cursor.as_deref(), self.limit)
    }
}

/// Which list a cursor is of: that of one list means nothing to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum List {
    Products = 1,
    MyOrders = 2,
    SaleOrders = 3,
    Audit = 4,
}

/// Where a row stands in its list. A position is no secret and gives no right: whoever makes one up
/// sees rows of a list that is theirs to read anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) at: OffsetDateTime,
    pub(crate) id: Uuid,
}

impl Position {
    /// Before every row of a list that begins with the newest.
    pub(crate) fn newest() -> Self {
        Self {
            at: feed::timestamp(Moment::MAX),
            id: Uuid::max(),
        }
    }

    /// Before every row of a list in the order of ids.
    pub(crate) const FIRST: Self = Self {
        at: OffsetDateTime::UNIX_EPOCH,
        id: Uuid::nil(),
    };
}

/// One page of a list, as it was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Page {
    list: List,
    rows: usize,
    /// The row it begins after.
    pub(crate) after: Position,
}

impl Page {
    /// Reads `?cursor=&limit=`; without a cursor the list begins after `start`.
    pub(crate) fn asked(
        list: List,
        start: Position,
        cursor: Option<&str>,
        limit: u16,
    ) -> Result<Self, Problem> {
        if !(1..=ROWS_MAX).contains(&limit) {
            return Err(Problem::BadRequest(format!("limit is 1 to {ROWS_MAX}")));
        }
        let after = cursor.map(|cursor| read(list, cursor).ok_or_else(bad_cursor));
        Ok(Self {
            list,
            rows: usize::from(limit),
            after: after.transpose()?.unwrap_or(start),
        })
    }

    /// The rows to read: one more than are told, which says that there is another page.
    pub(crate) const fn rows_to_read(&self) -> i64 {
        self.rows as i64 + 1
    }

    /// Takes the last row away if it is too many, and gives the cursor of the next page.
    pub(crate) fn cut<T>(
        &self,
        rows: &mut Vec<T>,
        position: impl Fn(&T) -> Position,
    ) -> Option<String> {
        let has_more = rows.len() > self.rows;
        rows.truncate(self.rows);
        let last = rows.last().filter(|_| has_more)?;
        Some(write(self.list, position(last)))
    }
}

fn write(list: List, position: Position) -> String {
    let mut bytes = [0; CURSOR_BYTES];
    bytes[0] = list as u8;
    bytes[1..9].copy_from_slice(&micros(position.at).to_be_bytes());
    bytes[9..].copy_from_slice(position.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn read(list: List, cursor: &str) -> Option<Position> {
    let bytes: [u8; CURSOR_BYTES] = URL_SAFE_NO_PAD.decode(cursor).ok()?.try_into().ok()?;
    let (kind, rest) = bytes.split_first()?;
    let (at, id) = rest.split_first_chunk::<8>()?;
    let position = Position {
        at: OffsetDateTime::from_unix_timestamp_nanos(
            i128::from(u64::from_be_bytes(*at)).checked_mul(1_000)?,
        )
        .ok()?,
        id: Uuid::from_slice(id).ok()?,
    };
    (*kind == list as u8).then_some(position)
}

fn micros(at: OffsetDateTime) -> u64 {
    u64::try_from(at.unix_timestamp_nanos() / 1_000).unwrap_or(0)
}

fn bad_cursor() -> Problem {
    Problem::BadRequest("cursor is not one that this list gave".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn somewhere() -> Position {
        Position {
            at: OffsetDateTime::from_unix_timestamp_nanos(1_795_257_000_123_456_000).unwrap(),
            id: Uuid::from_u128(0x0123_4567_89ab_8def_8123_4567_89ab_cdef),
        }
    }

    #[test]
    fn a_cursor_leads_back_to_its_row() {
        for position in [somewhere(), Position::newest(), Position::FIRST] {
            let cursor = write(List::Audit, position);
            assert_eq!(read(List::Audit, &cursor), Some(position));
        }
    }

    #[test]
    fn a_cursor_of_another_list_or_of_nothing_is_refused() {
        let cursor = write(List::Products, somewhere());
        assert_eq!(read(List::Audit, &cursor), None);
        let beyond_the_calendar = [[1].as_slice(), &[0xff; 24]].concat();
        for forged in [
            "",
            "AAAA",
            "' OR 1=1 --",
            &cursor[1..],
            &format!("{cursor}A"),
            &format!("{cursor}="),
            &URL_SAFE_NO_PAD.encode(beyond_the_calendar),
        ] {
            assert_eq!(read(List::Products, forged), None, "{forged}");
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = Page::asked(List::Products, Position::newest(), None, 2).unwrap();
        let told = |count: usize| {
            let mut rows = vec![somewhere(); count];
            let next = page.cut(&mut rows, |row| *row);
            (rows.len(), next.is_some())
        };
        assert_eq!(page.rows_to_read(), 3);
        assert_eq!(
            [told(0), told(2), told(3)],
            [(0, false), (2, false), (2, true)]
        );
        for limit in [0, 1_001] {
            assert!(Page::asked(List::Products, Position::newest(), None, limit).is_err());
        }
    }
}
