package io.github.t6j.cli.hub;

import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/** Checks names of files from a hub: none may lead out of its folder. */
final class FileNames {
    private static final int LONGEST = 1024;
    private static final int LONGEST_PART = 200;
    private static final Set<String> DEVICES = Set.of("con", "prn", "aux", "nul");
    private static final Pattern PORT = Pattern.compile("(com|lpt)[0-9\u00b9\u00b2\u00b3]");
    private static final String SPECIAL = "<>:\"|?*";

    private FileNames() {}

    /**
     * Returns the reason why {@code path}, with / between its parts, could lead out of a folder on some system; null if
     * it cannot.
     */
    static String unsafeReason(String path) {
        if (path.isEmpty() || path.length() > LONGEST) {
            return "a name not of 1 to " + LONGEST + " characters";
        }
        if (path.indexOf('\\') >= 0) {
            return "a backslash in it";
        }
        if (path.chars().anyMatch(Character::isISOControl)) {
            return "a control character in it";
        }
        if (path.startsWith("/") || path.length() > 1 && path.charAt(1) == ':') {
            return "an absolute path";
        }
        for (String part : path.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..")) {
                return "an empty part, . or .. in it";
            }
        }
        return null;
    }

    /** Returns the reason why some system cannot create a file of that name; null if all can. */
    static String rejectionReason(String path) {
        String unsafeReason = unsafeReason(path);
        if (unsafeReason != null) {
            return unsafeReason;
        }
        for (String part : path.split("/")) {
            String stem = part.replaceFirst("\\..*", "").strip().toLowerCase(Locale.ROOT);
            if (DEVICES.contains(stem) || PORT.matcher(stem).matches()) {
                return "a name that is a device on Windows";
            }
            if (part.endsWith(".") || part.endsWith(" ") || part.chars().anyMatch(c -> SPECIAL.indexOf(c) >= 0)
                    || part.length() > LONGEST_PART) {
                return "a name that Windows does not allow";
            }
        }
        return null;
    }
}
