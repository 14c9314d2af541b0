package io.github.t6j.grammar;

import java.util.Map;
import java.util.TreeMap;

/**
 * Regular expressions of JSON Schema's formats. Each accepts only valid texts, though not all of them: years of four
 * digits, no 29 February, host names of plain labels, e-mail addresses of common top-level domains, IPv6 addresses
 * without abbreviation.
 */
final class StringFormats {
    private static final String DATE = "[1-9]\\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])"
            + "|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|02-(?:0[1-9]|1\\d|2[0-8]))";
    private static final String TIME =
            "(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\d(?:\\.\\d{1,6})?(?:Z|[+-](?:0\\d|1[0-3]):[0-5]\\d)";
    private static final String HOST =
            "[a-z][a-z0-9]{0,15}(?:-[a-z0-9]{1,15})?(?:\\.[a-z][a-z0-9]{1,15}){0,2}\\.[a-z]{2,6}";
    /** Top-level domains of e-mail addresses: common ones, since validators know the list. */
    private static final String MAIL_HOST = "[a-z][a-z0-9]{0,15}(?:-[a-z0-9]{1,15})?(?:\\.[a-z][a-z0-9]{1,15}){0,2}\\."
            + "(?:com|org|net|edu|gov|info|biz|app|dev|io|ai|eu|at|au|be|br|ca|ch|cn|cz|de|dk|es|fi|fr|gr|hu|ie|il|in|it"
            + "|jp|kr|mx|nl|no|nz|pl|pt|ro|ru|se|sg|tr|tw|ua|uk|us|za)";
    private static final String BYTE = "(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])";

    private static final Map<String, String> REGEXES = new TreeMap<>(Map.of(
            "date", DATE,
            "time", TIME,
            "date-time", DATE + "T" + TIME,
            "duration", "P(?:\\d{1,4}W|\\d{1,4}D(?:T\\d{1,4}[HMS])?|T\\d{1,4}[HMS])",
            "email", "[a-z0-9]{1,20}(?:[._+-][a-z0-9]{1,20}){0,2}@" + MAIL_HOST,
            "hostname", HOST,
            "ipv4", BYTE + "(?:\\." + BYTE + "){3}",
            "ipv6", "[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){7}",
            "uri", "https?://" + HOST + "(?:/[A-Za-z0-9._~-]{0,40}){0,8}",
            "uuid", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"));

    private StringFormats() {}

    /** Returns the regular expression of a format, or null if it is not known. */
    static String regex(String format) {
        return REGEXES.get(format);
    }

    /** Returns the names of the known formats. */
    static String names() {
        return String.join(", ", REGEXES.keySet());
    }
}
