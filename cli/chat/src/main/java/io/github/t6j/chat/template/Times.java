package io.github.t6j.chat.template;

import java.time.LocalDateTime;
import java.time.format.TextStyle;
import java.util.Locale;

/** Python's strftime, in English. */
final class Times {
    private static final LocalDateTime ANY = LocalDateTime.of(2000, 1, 1, 0, 0);

    private Times() {}

    /** Checks that all directives of a format are supported. */
    static void check(String format) {
        format(format, ANY);
    }

    static String format(String format, LocalDateTime time) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < format.length(); i++) {
            if (format.charAt(i) != '%') {
                out.append(format.charAt(i));
                continue;
            }
            boolean plain = format.startsWith("-", i + 1); // without leading zeros
            i += plain ? 2 : 1;
            char directive = i < format.length() ? format.charAt(i) : '\0';
            String written = directive(directive, time);
            if (written == null || plain && !Character.isDigit(written.charAt(0))) {
                throw new Fault("strftime_now: unsupported directive '%" + (plain ? "-" : "")
                        + (directive == '\0' ? "" : directive) + "'");
            }
            out.append(plain ? Integer.toString(Integer.parseInt(written)) : written);
        }
        return out.toString();
    }

    private static String directive(char directive, LocalDateTime time) {
        return switch (directive) {
            case 'A' -> time.getDayOfWeek().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'a' -> time.getDayOfWeek().getDisplayName(TextStyle.SHORT, Locale.ENGLISH);
            case 'B' -> time.getMonth().getDisplayName(TextStyle.FULL, Locale.ENGLISH);
            case 'b' -> time.getMonth().getDisplayName(TextStyle.SHORT, Locale.ENGLISH).substring(0, 3); // not Sept
            case 'd' -> digits(2, time.getDayOfMonth());
            case 'H' -> digits(2, time.getHour());
            case 'I' -> digits(2, (time.getHour() + 11) % 12 + 1);
            case 'j' -> digits(3, time.getDayOfYear());
            case 'M' -> digits(2, time.getMinute());
            case 'm' -> digits(2, time.getMonthValue());
            case 'p' -> time.getHour() < 12 ? "AM" : "PM";
            case 'S' -> digits(2, time.getSecond());
            case 'Y' -> Integer.toString(time.getYear());
            case 'y' -> digits(2, time.getYear() % 100);
            case '%' -> "%";
            default -> null;
        };
    }

    private static String digits(int count, int number) {
        String digits = Integer.toString(number);
        return "0".repeat(Math.max(0, count - digits.length())) + digits;
    }
}
