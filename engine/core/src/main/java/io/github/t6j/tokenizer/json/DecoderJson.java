package io.github.t6j.tokenizer.json;

import io.github.t6j.tokenizer.bpe.Decoding;
import io.github.t6j.tokenizer.split.Metaspace;
import java.util.List;

/** Reads the decoder of a tokenizer.json. */
final class DecoderJson {
    /** Steps that a Sequence may have, in this order. */
    private static final List<String> STEPS = List.of("Replace", "ByteFallback", "Fuse", "Strip");

    private int steps; // number of STEPS that are read or skipped
    private boolean spaces;
    private boolean byteFallback;
    private boolean fused;
    private Decoding.Start start = Decoding.Start.KEPT;

    private DecoderJson() {}

    /** @param value the decoder of the file, or null */
    static Decoding read(Object value, String where, boolean byteLevel) {
        if (byteLevel) {
            if (value != null) {
                only(JsonPart.of(value, where)).expect("type", "ByteLevel");
            }
            return Decoding.BYTE_LEVEL;
        }
        JsonPart part = only(JsonPart.of(value, where));
        if (part.type().equals("Metaspace")) {
            boolean keeps = PreTokenizerJson.metaspace(part) == Metaspace.NEVER;
            return new Decoding(false, true, false, keeps ? Decoding.Start.KEPT : Decoding.Start.WITHOUT_MARKS);
        }
        DecoderJson reader = new DecoderJson();
        (part.type().equals("Sequence") ? part.parts("decoders") : List.of(part)).forEach(reader::readStep);
        return new Decoding(false, reader.spaces, reader.byteFallback, reader.start);
    }

    /** Returns the only element of a sequence of one, otherwise the part itself. */
    private static JsonPart only(JsonPart part) {
        if (part.type().equals("Sequence") && part.parts("decoders").size() == 1) {
            return only(part.parts("decoders").getFirst());
        }
        return part;
    }

    private void readStep(JsonPart part) {
        int step = STEPS.indexOf(part.type());
        if (step < steps) {
            throw part.error("type", "Metaspace, or a Sequence of Replace, ByteFallback, Fuse and Strip");
        }
        steps = step + 1;
        switch (part.type()) {
            case "Replace" -> {
                part.part("pattern").expect("String", String.valueOf(Metaspace.MARK));
                part.expect("content", " ");
                spaces = true;
            }
            case "ByteFallback" -> byteFallback = true;
            case "Fuse" -> fused = true;
            default -> readStrip(part);
        }
    }

    private void readStrip(JsonPart part) {
        if (!fused) {
            throw part.error("type", "Fuse before Strip");
        }
        part.expect("content", " ");
        part.expect("stop", 0L);
        if (!Long.valueOf(0).equals(part.get("start"))) {
            part.expect("start", 1L);
            start = Decoding.Start.STRIPPED;
        }
    }
}
