package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.split.Nfc;
import io.github.t6j.tokenizer.split.Normalizer;
import io.github.t6j.tokenizer.split.Utf8;
import java.util.ArrayList;
import java.util.List;

/** Reads the normalizer of a tokenizer.json. */
final class NormalizerJson {
    /**
     * Largest factor by which normalizers may lengthen a text: far above replacements of spaces, and low enough to
     * limit memory.
     */
    private static final long LONGEST_GROWTH = 64;

    /** Largest number of normalizers; published files have two. */
    private static final int MAX_NORMALIZERS = 16;

    private final List<Normalizer> normalizers = new ArrayList<>();
    private long growth = 1;

    private NormalizerJson() {}

    static List<Normalizer> read(JsonPart part) {
        NormalizerJson reader = new NormalizerJson();
        reader.add(part);
        return reader.normalizers;
    }

    private void add(JsonPart part) {
        if (normalizers.size() == MAX_NORMALIZERS) {
            throw part.error("type", "at most " + MAX_NORMALIZERS + " of them");
        }
        switch (part.type()) {
            case "Sequence" -> part.parts("normalizers").forEach(this::add);
            case "NFC" -> normalizers.add(Nfc::normalize);
            case "Prepend" -> {
                String prefix = part.text("prepend");
                grow(part, 1 + prefix.length());
                normalizers.add(Normalizer.prepend(prefix));
            }
            case "Replace" -> addReplace(part);
            default -> throw part.error("type", "NFC, Prepend, Replace or Sequence");
        }
    }

    private void addReplace(JsonPart part) {
        String pattern = part.part("pattern").text("String");
        if (!(part.get("content") instanceof String content && Utf8.isWellFormed(content))) {
            throw part.error("content", "a string");
        }
        grow(part, Math.ceilDiv(Math.max(content.length(), 1), pattern.length()));
        normalizers.add(Normalizer.replace(pattern, content));
    }

    private void grow(JsonPart part, int times) {
        growth *= times;
        if (growth > LONGEST_GROWTH) {
            throw new ModelFormatException(part.where() + ": expected normalizers that make a text at most "
                    + LONGEST_GROWTH + " times as long, found " + growth
                    + "; the file is damaged or malicious");
        }
    }
}
