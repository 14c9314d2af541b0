package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.ModelFormatException;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Compares with ids and texts of Hugging Face's tokenizers library. */
class GoldTokenizersTest {
    /**
     * The library decodes added tokens whose letters are in the byte alphabet as bytes; t6j decodes them as their text.
     */
    private static final String ADDED_NON_ASCII = "added-non-ascii";
    private static final Map<Integer, String> ADDED = Map.of(278, "éé", 279, "Ġx");

    @TempDir
    Path folder;

    /** Columns: beginning of text, end of text, start of a document; then the numbers of cases of each kind. */
    @ParameterizedTest
    @CsvSource({
        "smollm2, -1, 2, 0, 4570, 210, 188",
        "qwen3, -1, 151645, 151643, 4570, 228, 195",
        "mistral-v0.1, 1, 2, 1, 4570, 139, 178",
        "mistral-v0.1-legacy, 1, 2, 1, 4570, 139, 180",
        "mistral-v0.3, 1, 2, 1, 4570, 248, 205",
        "tekken-small, 1, 2, 1, 4570, 208, 205",
        "llama3-small, 6000, 6009, 6000, 4570, 190, 207"
    })
    void givesTheIdsAndTextsOfTheLibrary(
            String name, int beginning, int end, int documentStart, int plain, int special, int decode)
            throws IOException {
        Tokenizer tokenizer = Tokenizer.load(GoldTokenizer.unpack(name, folder));
        assertThat(tokenizer.beginningOfText()).isEqualTo(beginning);
        assertThat(tokenizer.endOfText()).isEqualTo(end);
        assertThat(tokenizer.documentStart()).isEqualTo(documentStart);
        int[] counts = new int[3];
        for (Map<String, Object> gold : GoldTokenizer.cases(name)) {
            counts[check(tokenizer, gold, name)]++;
        }
        assertThat(counts).containsExactly(plain, special, decode);
    }

    private static int check(Tokenizer tokenizer, Map<String, Object> gold, String name) {
        switch ((String) gold.get("kind")) {
            case "decode" -> {
                checkDecoded(tokenizer, gold, TestData.ints(gold.get("ids")), name);
                return 2;
            }
            case "special" -> {
                checkSpecial(tokenizer, gold, name);
                return 1;
            }
            default -> {
                String text = (String) gold.get("text");
                int[] ids = TestData.ints(gold.get("ids"));
                assertThat(tokenizer.encode(text)).as("%s: %s", name, gold).isEqualTo(ids);
                assertThat(tokenizer.decode(ids)).as("%s: %s", name, gold)
                        .isEqualTo(gold.getOrDefault("decoded", text));
                String joined = new String(TokenizerTest.bytes(tokenizer, ids), StandardCharsets.UTF_8);
                assertThat(joined).as("%s: %s", name, gold)
                        .isIn(gold.getOrDefault("decoded", text), " " + gold.getOrDefault("decoded", text));
                return 0;
            }
        }
    }

    private static void checkSpecial(Tokenizer tokenizer, Map<String, Object> gold, String name) {
        String text = (String) gold.get("text");
        int[] plain = TestData.ints(gold.get("ids"));
        int[] special = TestData.ints(gold.get("special"));
        int[] post = TestData.ints(gold.get("post"));
        assertThat(tokenizer.encode(text)).as("%s: %s", name, gold).isEqualTo(plain);
        assertThat(tokenizer.encodeWithSpecialTokens(text)).as("%s: %s", name, gold).isEqualTo(special);
        int[] before = tokenizer.beginningOfText() < 0 ? new int[0] : new int[] {tokenizer.beginningOfText()};
        // a template may add an end id, which a prompt must not have
        assertThat(post).as("%s: %s", name, gold).startsWith(joined(before, special));
        assertThat(post.length - before.length - special.length).as("%s: %s", name, gold).isBetween(0, 1);
        assertThat(tokenizer.encodePrompt(text)).as("%s: %s", name, gold).isEqualTo(joined(before, plain));
        checkDecoded(tokenizer, gold, post, name);
    }

    private static int[] joined(int[] left, int[] right) {
        return IntStream.concat(Arrays.stream(left), Arrays.stream(right)).toArray();
    }

    private static void checkDecoded(Tokenizer tokenizer, Map<String, Object> gold, int[] ids, String name) {
        if (!Arrays.stream(ids).allMatch(tokenizer::hasText)) {
            // the library ignores unknown ids
            assertThatThrownBy(() -> tokenizer.decode(ids)).isInstanceOf(IllegalArgumentException.class);
            return;
        }
        if (name.equals(ADDED_NON_ASCII) && Arrays.stream(ids).anyMatch(ADDED::containsKey)) {
            Arrays.stream(ids).filter(ADDED::containsKey).forEach(
                    id -> assertThat(tokenizer.decode(ids)).as("%s", gold).contains(ADDED.get(id)));
            return;
        }
        assertThat(tokenizer.decode(ids)).as("%s: %s", name, gold).isEqualTo(gold.get("keep"));
        assertThat(tokenizer.decode(GoldTokenizer.withoutSpecial(tokenizer, ids)))
                .as("%s: %s", name, gold)
                .isEqualTo(gold.get("skip"));
    }

    @Test
    void idsAndTextsEqualTheLibrarysWithEachOption() throws IOException {
        int cases = 0;
        List<Map<String, Object>> variants = GoldTokenizer.variants();
        assertThat(variants).hasSize(24);
        for (Map<String, Object> variant : variants) {
            String name = (String) variant.get("name");
            Path file = HandMadeTokenizer.write(folder, Json.object(variant.get("tokenizer"), name));
            if (name.equals("bytelevel-prefix-space")) {
                assertThatThrownBy(() -> Tokenizer.load(file))
                        .isInstanceOf(ModelFormatException.class)
                        .hasMessageContaining("pre_tokenizer.add_prefix_space: expected false, found true");
                continue;
            }
            Tokenizer tokenizer = Tokenizer.load(file);
            for (Object gold : Json.array(variant.get("cases"), name)) {
                check(tokenizer, Json.object(gold, name), name);
                cases++;
            }
        }
        assertThat(cases).isEqualTo(2188 - 92);
    }
}
