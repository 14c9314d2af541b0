package io.github.t6j.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Generation;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.Token;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GeneratedTextTest {
    @TempDir
    Path folder;

    /** Runs t6-tiny with a tokenizer of characters, whose decoder strips a text's first space. */
    @Test
    void theFirstGeneratedWordKeepsItsSpace() throws IOException {
        for (String name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(TestData.tiny().resolve(name), folder.resolve(name));
        }
        for (Map<String, Object> variant : GoldTokenizer.variants()) {
            if (variant.get("name").equals("byte-fallback-metaspace-first")) {
                HandMadeTokenizer.write(folder, Json.object(variant.get("tokenizer"), "tokenizer"));
            }
        }
        try (Model model = Model.load(folder); Session session = model.newSession()) {
            int[] word = model.tokenizer().encode("hello");
            GenerationOptions options = GenerationOptions.defaults()
                    .withMaxTokens(3)
                    .withSampling(SamplingOptions.defaults().withLogitBias(Map.of(word[0], 1000f)));
            Generation generation = session.generate("hello", options, token -> true);
            assertThat(generation.tokens()).extracting(Token::id).containsOnly(word[0]);
            int[] ids = new int[] {word[0], word[0], word[0], word[0]};
            String all = model.tokenizer().decode(ids);
            assertThat(word).hasSize(1);
            assertThat("hello" + generation.text()).isEqualTo(all).isEqualTo("hello hello hello hello");
        }
    }
}
