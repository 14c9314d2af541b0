package io.github.t6j.cli.io;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/** Names similar to one that does not exist, for error messages. */
public final class Similar {
    private Similar() {}

    /**
     * Returns up to {@code max} of {@code names}, the most similar first: those that differ from {@code name} by at
     * most two letters (one if it has fewer than five), or that it begins.
     */
    public static List<String> to(String name, Collection<String> names, int max) {
        return names.stream()
                .filter(candidate -> distance(name, candidate) <= (name.length() < 5 ? 1 : 2)
                        || name.length() > 1 && candidate.startsWith(name))
                .sorted(Comparator.<String>comparingInt(candidate -> distance(name, candidate))
                        .thenComparing(candidate -> candidate))
                .limit(max).toList();
    }

    /** Returns the number of letters to insert, remove or replace to make one of the other (Levenshtein's distance). */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
