/**
 * Reads the dates of headers with arithmetic only, without a clock or a time
 * zone. It never throws.
 *
 * @since 0.1.0
 */

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

// The three forms of RFC 9110, section 5.6.7: IMF-fixdate, RFC 850, asctime.
const imfFixdate = /^[a-z]{3}, (\d{2}) ([a-z]{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) gmt$/
const rfc850 = /^[a-z]{6,9}, (\d{2})-([a-z]{3})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) gmt$/
const asctime = /^[a-z]{3} ([a-z]{3}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/
const rfc3339 = /^(\d{4})-(\d{2})-(\d{2})[t ](\d{2}):(\d{2}):(\d{2})(\.\d+)?(z|[+-]\d{2}:\d{2})$/

/** Reads an HTTP date as milliseconds since the epoch. */
export const parseHttpDate = (text: string): number | undefined => {
  const input = text.trim().toLowerCase()
  const imf = imfFixdate.exec(input)
  if (imf !== null) return utc(+imf[3]!, monthOf(imf[2]!), +imf[1]!, +imf[4]!, +imf[5]!, +imf[6]!)
  const old = rfc850.exec(input)
  // A year of two digits is in this century, because the API is not older.
  if (old !== null) return utc(2000 + +old[3]!, monthOf(old[2]!), +old[1]!, +old[4]!, +old[5]!, +old[6]!)
  const asc = asctime.exec(input)
  if (asc !== null) return utc(+asc[6]!, monthOf(asc[1]!), +asc[2]!, +asc[3]!, +asc[4]!, +asc[5]!)
  return undefined
}

/** Reads an RFC 3339 timestamp as milliseconds since the epoch. */
export const parseRfc3339 = (text: string): number | undefined => {
  const match = rfc3339.exec(text.trim().toLowerCase())
  if (match === null) return undefined
  const base = utc(+match[1]!, +match[2]!, +match[3]!, +match[4]!, +match[5]!, +match[6]!)
  if (base === undefined) return undefined
  const fraction = match[7] === undefined ? 0 : Math.floor(Number(`0${match[7]}`) * 1000)
  const zone = match[8]!
  const offset = zone === "z" ? 0 : (+zone.slice(1, 3) * 60 + +zone.slice(4, 6)) * (zone[0] === "-" ? -1 : 1)
  return base + fraction - offset * 60_000
}

/** Writes milliseconds since the epoch as an RFC 3339 timestamp in UTC. */
export const formatRfc3339 = (millis: number): string => {
  const day = Math.floor(millis / 86_400_000)
  const rest = millis - day * 86_400_000
  const [year, month, date] = civilFromDays(day)
  const time = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60]
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}T${time.map((n) => pad(n, 2)).join(":")}.${
    pad(rest % 1000, 3)
  }Z`
}

const pad = (n: number, width: number): string => String(Math.floor(n)).padStart(width, "0")

/** Returns the number of a month, or one that is not valid. */
const monthOf = (name: string): number => months.indexOf(name) / 3 + 1

const utc = (
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number
): number | undefined => {
  if (!Number.isInteger(month) || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined
  // 60 is a leap second, and counts as the next second.
  if (hour > 23 || minute > 59 || second > 60) return undefined
  return ((daysFromCivil(year, month, day) * 24 + hour) * 60 + minute) * 60_000 + second * 1000
}

const daysIn = (year: number, month: number): number =>
  daysFromCivil(month === 12 ? year + 1 : year, month % 12 + 1, 1) - daysFromCivil(year, month, 1)

/** Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March. */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** The inverse of `daysFromCivil`. */
const civilFromDays = (days: number): readonly [year: number, month: number, day: number] => {
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const dayOfEra = z - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1]
}
