package io.github.t6j.training.fuzz;

import io.github.t6j.TestData;
import io.github.t6j.fuzz.Seeds;
import io.github.t6j.fuzz.Targets;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.TokenData;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Small files of training data. */
final class DataSeeds {
    private static final int HASH = 32; // offset in a file of tokens, and number of bytes
    private static final Path TEXT = Targets.write("whale.txt", Seeds.utf8("The whale<|endoftext|> went.\n"));
    private static final byte[] TOKENS = makeTokens();

    private DataSeeds() {}

    /** Returns shards with a header, of both kinds, and one without. */
    static List<byte[]> shards() {
        ByteBuffer narrow = ByteBuffer.allocate(1024 + 8).order(ByteOrder.LITTLE_ENDIAN).putInt(20240520).putInt(1)
                .putInt(4);
        narrow.position(1024).putShort((short) 1).putShort((short) 2).putShort((short) 4095).putShort((short) 0);
        ByteBuffer wide = ByteBuffer.allocate(1024 + 8).order(ByteOrder.LITTLE_ENDIAN).putInt(20240801).putInt(7)
                .putInt(2);
        wide.position(1024).putInt(3).putInt(4095);
        return List.of(narrow.array(), wide.array(), new byte[] {1, 0, (byte) 0xff, 0xf});
    }

    static List<byte[]> lines() {
        return List.of(
                Seeds.utf8("{\"text\": \"The whale\", \"id\": 1}\n\n{\"a\": [], \"text\": \"caf\\u00e9 \\ud83d\"}\r\n"),
                Seeds.utf8("The whale\n<|endoftext|>\ncaf\u00e9 \ud83d\ude00<|endoftext|>"));
    }

    static List<byte[]> tokens() {
        return List.of(TOKENS);
    }

    /** Returns the tokenised text. */
    static Path text() {
        return TEXT;
    }

    /** Returns {@code file} with the correct hash of text and tokenizer, as far as the file is long enough. */
    static byte[] withHash(byte[] file) {
        byte[] sealed = file.clone();
        System.arraycopy(TOKENS, HASH, sealed, Math.min(HASH, file.length),
                Math.max(0, Math.min(HASH, file.length - HASH)));
        return sealed;
    }

    private static byte[] makeTokens() {
        Tokenizer tokenizer = Tokenizer.load(TestData.path("tokenizers/bpe4096"));
        TokenData.open(List.of(TEXT), tokenizer, tokenizer.size(), share -> {}).close();
        try {
            return Files.readAllBytes(TEXT.resolveSibling("whale.txt.t6j-tokens"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
