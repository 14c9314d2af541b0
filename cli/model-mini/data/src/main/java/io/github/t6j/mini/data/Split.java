package io.github.t6j.mini.data;

/**
 * Division of the things that topics ask about: one in {@value #SHARE} is held out. A hash decides, so that every part
 * of the generator agrees without keeping a list, and new things move no other.
 */
final class Split {
    static final int SHARE = 8;

    private Split() {}

    /**
     * Returns whether no question for training is about a thing.
     *
     * @param name name of the division, which topics with the same facts share
     */
    static boolean isHeldOut(String name, String thing) {
        long hash = 0xcbf29ce484222325L; // FNV-1a of the characters
        String pair = name + "\n" + thing;
        for (int i = 0; i < pair.length(); i++) {
            hash = (hash ^ pair.charAt(i)) * 0x100000001b3L;
        }
        hash = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL; // its low bits depend on few of the last characters
        return Long.remainderUnsigned(hash ^ hash >>> 33, SHARE) == 0;
    }
}
