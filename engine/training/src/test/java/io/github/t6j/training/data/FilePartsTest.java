package io.github.t6j.training.data;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.training.data.FileParts.Part;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FilePartsTest {
    private static final String SEPARATOR = "<|end|>";

    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;

    private List<Part> parts(byte[] bytes, int longest) throws IOException {
        Path file = folder.resolve("file");
        Files.deleteIfExists(file); // truncating and rewriting a file is slow on some systems
        Files.write(file, bytes);
        List<Part> parts = new ArrayList<>();
        try (FileParts reader = new FileParts(file, SEPARATOR.getBytes(StandardCharsets.US_ASCII), longest)) {
            for (Part part = reader.next(); part != null; part = reader.next()) {
                parts.add(part);
            }
            assertThat(reader.done()).isEqualTo(bytes.length);
        }
        return parts;
    }

    private String randomText(int length) {
        String[] pieces = {"a", "bc", "\n", "<", "|", SEPARATOR, SEPARATOR, "<|en", "\u00e9", "\u4f60", "\ud83d\ude00"};
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(pieces[random.nextInt(pieces.length)]);
        }
        return text.toString();
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 9, 4096})
    void aByteOrderMarkIsSkippedAndOffsetsCountIt(int longest) throws IOException {
        String text = "a" + SEPARATOR + "\ufeffb";
        List<Part> parts = parts(("\ufeff" + text).getBytes(StandardCharsets.UTF_8), longest);
        assertThat(parts).extracting(part -> new String(part.bytes(), StandardCharsets.UTF_8))
                .containsExactly("a", "\ufeffb");
        assertThat(parts).extracting(Part::offset).containsExactly(3L, 4L + SEPARATOR.length());
    }

    @Test
    void onlyAWholeByteOrderMarkIsSkipped() throws IOException {
        assertThat(parts("\ufeff".getBytes(StandardCharsets.UTF_8), 8)).isEmpty();
        assertThat(parts(new byte[] {(byte) 0xEF, (byte) 0xBB}, 8)).hasSize(1);
    }

    @Test
    void partsMatchStringSplit() throws IOException {
        for (int i = 0; i < 300; i++) {
            String text = randomText(random.nextInt(300));
            List<String> expected = new ArrayList<>(List.of(text.split(Pattern.quote(SEPARATOR), -1)));
            if (expected.getLast().isEmpty()) {
                expected.removeLast();
            }
            List<Part> parts = parts(text.getBytes(StandardCharsets.UTF_8), 4096);
            assertThat(parts).as("seed %d", seed).extracting(part -> new String(part.bytes(), StandardCharsets.UTF_8))
                    .isEqualTo(expected);
            assertThat(parts).allMatch(part -> part.begins() && part.ends());
        }
    }

    /** The pieces joined are the file. None exceeds the limit, or begins or ends within a character. */
    @Test
    void longPartsAreCutBetweenCharacters() throws IOException {
        for (int i = 0; i < 300; i++) {
            byte[] bytes = randomText(random.nextInt(3000)).getBytes(StandardCharsets.UTF_8);
            int longest = 16 + random.nextInt(100);
            StringBuilder joined = new StringBuilder();
            boolean begins = true;
            long number = 0;
            for (Part part : parts(bytes, longest)) {
                String text = new String(part.bytes(), StandardCharsets.UTF_8);
                number += part.begins() ? 1 : 0;
                assertThat(part.number()).isEqualTo(number);
                assertThat(part.begins()).isEqualTo(begins);
                assertThat(part.bytes().length).as("seed %d", seed).isLessThanOrEqualTo(longest);
                assertThat(text).doesNotContain("\ufffd", SEPARATOR);
                assertThat(part.offset()).isEqualTo(joined.toString().getBytes(StandardCharsets.UTF_8).length);
                joined.append(text).append(part.ends() ? SEPARATOR : "");
                begins = part.ends();
            }
            String text = new String(bytes, StandardCharsets.UTF_8);
            assertThat(joined.toString()).as("seed %d", seed)
                    .isEqualTo(text.isEmpty() || text.endsWith(SEPARATOR) ? text : text + SEPARATOR);
        }
    }

    @Test
    void longPartsAreCutAtTheLastEndOfLine() throws IOException {
        assertThat(parts("aaaaa\nbbbbb\nccccccccccc".getBytes(StandardCharsets.UTF_8), 16))
                .extracting(part -> new String(part.bytes(), StandardCharsets.UTF_8))
                .containsExactly("aaaaa\nbbbbb\n", "ccccccccccc");
    }

    /** An empty piece ends a part that was cut at the end of the file, so that the document has an end. */
    @Test
    void aPartCutAtTheEndOfTheFileHasAnEnd() throws IOException {
        List<Part> parts = parts("aaaaaaaaaaaaaaa\n".getBytes(StandardCharsets.UTF_8), 16);
        assertThat(parts).extracting(part -> part.bytes().length).containsExactly(16, 0);
        assertThat(parts).extracting(Part::ends).containsExactly(false, true);
    }

    /** Invalid UTF-8 does not stop the reader. */
    @Test
    void anyBytesAreReadToTheEnd() throws IOException {
        byte[] bytes = new byte[1000];
        Arrays.fill(bytes, (byte) 0x80);
        assertThat(parts(bytes, 20).stream().mapToInt(part -> part.bytes().length).sum()).isEqualTo(1000);
    }
}
