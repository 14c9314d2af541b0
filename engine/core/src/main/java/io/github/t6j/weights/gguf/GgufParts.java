package io.github.t6j.weights.gguf;

import io.github.t6j.ModelFormatException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Files of a GGUF model in parts: NAME-00001-of-00003.gguf, which has the keys, and the others in the same folder. */
public final class GgufParts {
    private static final Pattern NAME = Pattern.compile("(?i)(.*-)(\\d{5})(-of-)(\\d{5})(\\.gguf)");
    private static final String COUNT = "split.count";
    private static final String NUMBER = "split.no";
    private static final String TENSORS = "split.tensors.count";

    private GgufParts() {}

    /** Returns true if a file is by its name a part other than the first. */
    public static boolean isLater(String fileName) {
        Matcher name = NAME.matcher(fileName);
        return name.matches() && Integer.parseInt(name.group(2)) > 1;
    }

    /**
     * Returns the parts after the first; none for a whole model.
     *
     * @throws ModelFormatException if {@code first} is another part, or its name does not give the other names
     */
    public static List<Path> after(Path first, Map<String, Object> metadata) {
        if (!(metadata.get(COUNT) instanceof Long count) || count < 2) {
            return List.of();
        }
        Matcher name = NAME.matcher(first.getFileName().toString());
        boolean isFirst = number(metadata) == 0 && name.matches() && Integer.parseInt(name.group(2)) == 1
                && Integer.parseInt(name.group(4)) == count;
        if (!isFirst) {
            throw new ModelFormatException(String.format(Locale.ROOT,
                    "%s: expected the first of %d parts, NAME-00001-of-%05d.gguf,"
                            + " found part %d of that name: give the path of the first part, next to the others",
                    first, count, count, number(metadata) + 1));
        }
        List<Path> parts = new ArrayList<>();
        for (int part = 2; part <= count; part++) {
            parts.add(first.resolveSibling(
                    name.group(1) + String.format(Locale.ROOT, "%05d", part) + name.group(3) + name.group(4)
                            + name.group(5)));
        }
        return parts;
    }

    private static long number(Map<String, Object> metadata) {
        return metadata.get(NUMBER) instanceof Long number ? number : 0;
    }

    /** Checks that a file is part {@code index}, from 0, of the model whose first part has the keys {@code first}. */
    public static void check(Path file, Map<String, Object> first, Map<String, Object> found, int index) {
        if (number(found) != index || !Objects.equals(first.get(COUNT), found.get(COUNT))) {
            throw new ModelFormatException(
                    file + ": expected part " + (index + 1) + " of " + first.getOrDefault(COUNT, 1L)
                            + ", found part " + (number(found) + 1) + " of " + found.getOrDefault(COUNT, 1L)
                            + ": the files belong to different models, download all again");
        }
    }

    /** Checks the number of tensors in all parts of a model. */
    public static void checkAll(Path first, Map<String, Object> metadata, int tensors) {
        if (metadata.get(TENSORS) instanceof Long expected && expected != tensors) {
            throw new ModelFormatException(first + ": expected " + expected + " tensors in all parts, found " + tensors
                    + ": the files belong to different models, download all again");
        }
    }
}
