package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenDataTest {
    private static final Tokenizer TOKENIZER = Tokenizer.load(TestData.path("tokenizers/bpe4096"));
    private static final int END = 4095;
    private static final String SEPARATOR = "<|endoftext|>";

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;

    private TokenData open(Path... files) {
        return TokenData.open(List.of(files), TOKENIZER, 4096, share -> assertThat(share).isBetween(0.0, 1.0),
                folder.resolve("cache"));
    }

    private Path text(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    static byte[] shard(int magic, int version, int count, int width, int... ids) {
        ByteBuffer bytes = ByteBuffer.allocate(1024 + width * ids.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(magic).putInt(version).putInt(count).position(1024);
        Arrays.stream(ids).forEach(id -> {
            if (width == 2) {
                bytes.putShort((short) id);
            } else {
                bytes.putInt(id);
            }
        });
        return bytes.array();
    }

    public static int[] all(TokenData data, int shard) {
        int[] ids = new int[Math.toIntExact(data.size(shard))];
        data.read(shard, 0, ids, 0, ids.length);
        return ids;
    }

    /** The ids equal the ids of the whole file tokenised with special tokens, as {@code perplexity} reads it. */
    @Test
    void idsOfTextAreThoseOfItsDocuments() throws IOException {
        Path book = TestData.path("text/test.txt");
        Path copy = Files.copy(book, folder.resolve("test.txt"));
        int[] expected = TOKENIZER.encodeWithSpecialTokens(Files.readString(book));
        int length = expected.length;
        if (expected[length - 1] != END) {
            expected = Arrays.copyOf(expected, length + 1);
            expected[length] = END;
        }
        try (TokenData data = open(copy)) {
            assertThat(data.shards()).isEqualTo(1);
            assertThat(all(data, 0)).isEqualTo(expected);
            assertThat(data.size()).isEqualTo(expected.length);
        }
    }

    @Test
    void textAndJsonlGiveTheSameDocuments() throws IOException {
        for (int round = 0; round < 10; round++) {
            List<String> documents = new ArrayList<>();
            for (int i = random.nextInt(40); i >= 0; i--) {
                documents.add(" The whale\n" + "went \u00e9\ud83d\ude00".repeat(random.nextInt(200)) + i);
            }
            StringBuilder lines = new StringBuilder();
            List<Integer> expected = new ArrayList<>();
            for (String document : documents) {
                lines.append(Json.writeLine(Map.of("text", document, "id", 3L))).append("\r\n\n");
                Arrays.stream(TOKENIZER.encode(document)).forEach(expected::add);
                expected.add(END);
            }
            String name = round % 2 == 0 ? "lines.jsonl" : "lines"; // recognised by its first line
            Path plain = text("plain" + round, String.join(SEPARATOR, documents));
            Path jsonl = text(round + name, lines.toString());
            try (TokenData data = open(plain); TokenData same = open(jsonl)) {
                int[] ids = expected.stream().mapToInt(id -> id).toArray();
                assertThat(all(data, 0)).as("seed %d", seed).isEqualTo(ids);
                assertThat(all(same, 0)).as("seed %d", seed).isEqualTo(ids);
            }
        }
    }

    /**
     * Editors on Windows begin files with a byte order mark. The first line of a JSONL file may be as long as a book.
     */
    @Test
    void aByteOrderMarkIsSkipped() throws IOException {
        String book = "The whale went. ".repeat(100_000);
        Path plain = text("plain", book);
        Path marked = text("marked", "\ufeff" + book);
        Path lines = text("books.json", "\ufeff" + Json.writeLine(Map.of("text", book)) + "\n");
        try (TokenData expected = open(plain); TokenData found = open(marked); TokenData same = open(lines)) {
            assertThat(all(found, 0)).isEqualTo(all(expected, 0));
            assertThat(all(same, 0)).isEqualTo(all(expected, 0));
        }
    }

    @Test
    void blankDocumentsAreSkippedAndOthersKeepTheirSpace() throws IOException {
        Path file = text("a", SEPARATOR + "\n" + SEPARATOR + " a\n" + SEPARATOR + SEPARATOR + "b" + SEPARATOR + "\n");
        int[] expected = TOKENIZER.encodeWithSpecialTokens(" a\n" + SEPARATOR + "b" + SEPARATOR);
        try (TokenData data = open(file)) {
            assertThat(all(data, 0)).isEqualTo(expected);
        }
    }

    /** In JSONL a separator is text, as in the official scripts. */
    @Test
    void specialTokensInJsonlAreText() throws IOException {
        Path file = text("a.jsonl", "{\"text\": \"a" + SEPARATOR + "b\"}");
        try (TokenData data = open(file)) {
            assertThat(all(data, 0)).containsOnlyOnce(END).endsWith(END).hasSizeGreaterThan(4);
        }
    }

    @Test
    void shardsAreRecognizedByTheirHeader() throws IOException {
        int[] ids = random.ints(500, 0, 4096).toArray();
        Path official = Files.write(folder.resolve("fineweb_train_000001.bin"), shard(20240520, 1, 500, 2, ids));
        Path renamed = Files.write(folder.resolve("renamed"), shard(20240520, 1, 500, 2, ids));
        Path wide = Files.write(folder.resolve("llama.bin"), shard(20240801, 7, 500, 4, ids));
        byte[] all = shard(0, 0, 0, 2, ids);
        Path bare = Files.write(folder.resolve("train.bin"), Arrays.copyOfRange(all, 1024, all.length));
        Path plain = text("text", "The whale");
        try (TokenData data = open(official, renamed, plain, wide, bare)) {
            assertThat(data.shards()).isEqualTo(5);
            assertThat(all(data, 0)).isEqualTo(new int[] {583, 2886, END});
            for (int shard = 1; shard < 5; shard++) {
                assertThat(all(data, shard)).as("shard %d, seed %d", shard, seed).isEqualTo(ids);
            }
            assertThat(data.size()).isEqualTo(4 * 500 + 3);
        }
    }

    @Test
    void textFilesFollowEachOther() throws IOException {
        List<Path> files = new ArrayList<>();
        StringBuilder whole = new StringBuilder();
        for (int i = 0; i < 20; i++) {
            String document = "Number " + i + ".".repeat(random.nextInt(30));
            files.add(text("d" + i, document));
            whole.append(document).append(SEPARATOR);
        }
        int[] expected = TOKENIZER.encodeWithSpecialTokens(whole.toString());
        try (TokenData data = open(files.toArray(Path[]::new))) {
            assertThat(data.shards()).isEqualTo(1);
            assertThat(all(data, 0)).isEqualTo(expected);
            for (int i = 0; i < 500; i++) {
                int from = random.nextInt(expected.length);
                int count = random.nextInt(expected.length - from + 1);
                int[] into = new int[count + 2];
                data.read(0, from, into, 1, count);
                assertThat(Arrays.copyOfRange(into, 1, count + 1)).as("seed %d", seed)
                        .isEqualTo(Arrays.copyOfRange(expected, from, from + count));
            }
        }
    }

    /** Byte offsets exceed an int; the file is sparse. */
    @Test
    void filesOfManyGigabytesAreRead() throws IOException {
        Path file = folder.resolve("large.bin");
        long count = (1L << 32) + 5;
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(2 * count);
            out.seek(2 * (count - 3));
            out.write(new byte[] {1, 0, 2, 0, 3, 1});
        }
        try (TokenData data = open(file)) {
            assertThat(data.size()).isEqualTo(count);
            int[] ids = new int[4];
            data.read(0, count - 4, ids, 0, 4);
            assertThat(ids).containsExactly(0, 1, 2, 259);
        }
    }

    @Test
    void idsBeyondTheVocabularyAreRejectedWithTheirIndex() throws IOException {
        Path file = Files.write(folder.resolve("a.bin"), shard(20240520, 1, 3, 2, 5, 4096, 7));
        try (TokenData data = open(file)) {
            assertThatThrownBy(() -> all(data, 0)).isInstanceOf(ModelFormatException.class)
                    .hasMessage(file + ": id 1: expected 0 to 4095, found 4096: was it made with another tokenizer?");
        }
        Path wide = Files.write(folder.resolve("b.bin"), shard(20240801, 7, 1, 4, -1));
        try (TokenData data = open(wide)) {
            assertThatThrownBy(() -> all(data, 0)).hasMessageContaining("found 4294967295");
        }
        Path text = text("text", "The whale");
        assertThatThrownBy(() -> TokenData.open(List.of(text), TOKENIZER, 4095, share -> {}, folder))
                .isInstanceOf(ModelFormatException.class)
                .hasMessage(text + ": expected ids below 4095, the size of the model's vocabulary, found 4095:"
                        + " use the model's own tokenizer");
    }

    @Test
    void invalidArgumentsAreRejected() throws IOException {
        Path text = text("text", "The whale");
        assertThatThrownBy(() -> TokenData.open(List.of(text), null, 9, share -> {}))
                .hasMessageStartingWith(text + ": text needs a tokenizer: expected one, found none");
        assertThatThrownBy(() -> TokenData.open(List.of(), TOKENIZER, 9, share -> {}))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TokenData.of(new int[0])).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> TokenData.of(new int[] {1, -2})).hasMessage("ids[1]: expected 0 or more, found -2");
        TokenData data = TokenData.of(new int[] {3, 1, 4});
        assertThat(all(data, 0)).containsExactly(3, 1, 4);
        int[] into = new int[3];
        assertThatThrownBy(() -> data.read(0, 1, into, 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> data.read(0, -1, into, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> data.read(1, 0, into, 0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> data.read(0, 0, into, 2, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        data.read(0, 3, into, 0, 0);
        data.close();
        data.close();
        assertThatThrownBy(() -> data.read(0, 0, into, 0, 1)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void anInterruptCancelsTokenisingAndLeavesNoFile() throws IOException {
        Path file = text("text", "The whale");
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> open(file)).isInstanceOf(CancellationException.class);
        } finally {
            Thread.interrupted();
        }
        assertThat(folder).isDirectoryNotContaining("glob:**t6j*");
    }

    @Test
    void progressRisesToOne() throws IOException {
        List<Double> shares = Collections.synchronizedList(new ArrayList<>());
        Path first = text("a", "The whale ".repeat(150_000));
        Path second =
                text("b", IntStream.range(0, 50_000).mapToObj(i -> "Number " + i + " of the documents" + SEPARATOR)
                        .toList().toString());
        TokenData.open(List.of(first, second), TOKENIZER, 4096, shares::add, folder).close();
        assertThat(shares).isSorted().hasSizeGreaterThan(3).endsWith(1.0);
    }
}
