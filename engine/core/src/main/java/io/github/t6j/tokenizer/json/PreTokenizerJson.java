package io.github.t6j.tokenizer.json;

import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Preparation;
import io.github.t6j.tokenizer.split.Metaspace;
import io.github.t6j.tokenizer.split.Normalizer;
import io.github.t6j.tokenizer.split.Splitter;
import io.github.t6j.tokenizer.split.Splitters;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Reads the pre_tokenizer of a tokenizer.json. */
final class PreTokenizerJson {
    private static final String KNOWN = "Metaspace, Digits, Split, Sequence or ByteLevel";

    /** Largest number of pre-tokenizers; published files have two. */
    private static final int MAX_SPLITTERS = 16;

    private final List<Splitter> splitters = new ArrayList<>();
    private Metaspace metaspace = Metaspace.NONE;
    private boolean byteLevel;

    /** Returns true if the last pre-tokenizer is ByteLevel. */
    boolean isByteLevel() {
        return byteLevel;
    }

    Preparation preparation(List<Normalizer> normalizers) {
        return new Preparation(normalizers, metaspace, splitters);
    }

    void read(JsonPart part) {
        if (byteLevel) {
            throw part.error("type", "nothing after ByteLevel");
        }
        if (splitters.size() == MAX_SPLITTERS) {
            throw part.error("type", "at most " + MAX_SPLITTERS + " of them");
        }
        switch (part.type()) {
            case "Sequence" -> part.parts("pretokenizers").forEach(this::read);
            case "Metaspace" -> readMetaspace(part);
            case "Digits" -> splitters.add(
                    part.flag("individual_digits", false) ? Splitters.DIGITS : Splitters.NUMBERS);
            case "Split" -> readSplit(part);
            case "ByteLevel" -> readByteLevel(part);
            default -> throw part.error("type", KNOWN);
        }
    }

    private void readMetaspace(JsonPart part) {
        if (metaspace != Metaspace.NONE || !splitters.isEmpty()) {
            throw part.error("type", "Metaspace once and before all others");
        }
        metaspace = metaspace(part);
        if (part.flag("split", true)) {
            splitters.add(Metaspace::endBeforeMark);
        }
    }

    /** Returns the scheme of a Metaspace pre-tokenizer or decoder. */
    static Metaspace metaspace(JsonPart part) {
        part.expect("replacement", String.valueOf(Metaspace.MARK));
        if (!part.flag("add_prefix_space", true)) {
            return Metaspace.NEVER; // older files, without prepend_scheme
        }
        return switch (String.valueOf(part.json().getOrDefault("prepend_scheme", "always"))) {
            case "always" -> Metaspace.ALWAYS;
            case "first" -> Metaspace.FIRST;
            case "never" -> Metaspace.NEVER;
            default -> throw part.error("prepend_scheme", "always, first or never");
        };
    }

    private void readSplit(JsonPart part) {
        Map<String, Object> pattern = part.part("pattern").json();
        if (" ".equals(pattern.get("String"))) {
            part.expect("behavior", "MergedWithPrevious");
            part.expect("invert", false);
            splitters.add(Splitters.AFTER_SPACE);
            return;
        }
        Splitter splitter = pattern.get("Regex") instanceof String regex ? Splitters.ofRegex(regex) : null;
        if (splitter == null) {
            throw part.error("pattern", "the Regex of GPT-2, GPT-4o, Llama 3, Qwen 2 or Tekken");
        }
        // these expressions match the whole text, so keeping their matches equals isolating them
        boolean inverted = part.flag("invert", false);
        part.expect("behavior", inverted ? "Removed" : "Isolated");
        splitters.add(splitter);
    }

    private void readByteLevel(JsonPart part) {
        part.expect("add_prefix_space", false);
        // older files without the key mean true
        if (part.flag("use_regex", true)) {
            splitters.add(Splitters.GPT2);
        }
        byteLevel = true;
    }
}
