package io.github.t6j.cli.models;

import io.github.t6j.tokenizer.Tokenizer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Texts of single ids; ids whose bytes are parts of a character are one piece with the ids that complete it. */
record Pieces(Tokenizer tokenizer) {
    /** Text of one id, or of several that together are whole characters. */
    record Piece(int[] ids, String text) {}

    List<Piece> of(int[] ids) {
        List<Piece> pieces = new ArrayList<>();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int from = 0;
        for (int i = 0; i < ids.length; i++) {
            if (!tokenizer.hasText(ids[i])) {
                add(ids, from, i, bytes, pieces);
                pieces.add(new Piece(new int[] {ids[i]}, "<" + ids[i] + ">"));
                from = i + 1;
                continue;
            }
            bytes.writeBytes(tokenizer.bytes(ids[i]));
            if (isWhole(bytes.toByteArray())) {
                add(ids, from, i + 1, bytes, pieces);
                from = i + 1;
            }
        }
        add(ids, from, ids.length, bytes, pieces);
        return pieces;
    }

    private static void add(int[] ids, int from, int end, ByteArrayOutputStream bytes, List<Piece> pieces) {
        if (from < end) {
            pieces.add(new Piece(Arrays.copyOfRange(ids, from, end), bytes.toString(StandardCharsets.UTF_8)));
            bytes.reset();
        }
    }

    private static boolean isWhole(byte[] utf8) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
