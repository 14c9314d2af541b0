package io.github.t6j.mini.data;

/**
 * Division of all pairs of a form and a thing into training pairs and held-out pairs. A hash of the pair decides, so
 * that every part of the generator agrees without keeping a list, and new forms or things move no other pair.
 */
final class Split {
    /** Divisor: one pair in {@value} is held out. */
    static final int SHARE = 8;

    private Split() {}

    static boolean isHeldOut(String form, String thing) {
        long hash = 0xcbf29ce484222325L; // FNV-1a of the characters
        String pair = form + "\n" + thing;
        for (int i = 0; i < pair.length(); i++) {
            hash = (hash ^ pair.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL; // its low bits depend on few of the last characters
        return Long.remainderUnsigned(hash ^ hash >>> 33, SHARE) == 0;
    }
}
