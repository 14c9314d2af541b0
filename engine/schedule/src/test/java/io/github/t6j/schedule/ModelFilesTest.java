package io.github.t6j.schedule;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Prompt;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.HandMadeTokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tests that requests follow the settings in a model's files. */
class ModelFilesTest {
    @TempDir
    Path folder;

    private void copy(String golden, Map<String, Object> changes) throws IOException {
        Files.copy(TestData.path(golden).resolve("model.safetensors"), folder.resolve("model.safetensors"));
        Map<String, Object> config = new LinkedHashMap<>(TestData.json(golden + "/config.json"));
        config.putAll(changes);
        Files.writeString(folder.resolve("config.json"), Json.write(config));
    }

    /** A generation_config.json that asks for temperature 0 makes requests without options greedy. */
    @Test
    void requestsWithoutOptionsUseThoseOfTheFiles() throws IOException {
        for (String file : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Files.copy(TestData.tiny().resolve(file), folder.resolve(file));
        }
        GenerationOptions greedy = GenerationOptions.defaults().withSampling(SamplingOptions.greedy());
        Files.writeString(folder.resolve("generation_config.json"), "{\"do_sample\": true, \"temperature\": 0}");
        try (Model model = Model.load(folder);
                Session session = model.newSession();
                Scheduler scheduler = new Scheduler(model)) {
            assertThat(scheduler.submit("The whale").result().join().tokens())
                    .isEqualTo(session.generate("The whale", greedy).tokens()).hasSizeGreaterThan(5);
        }
    }

    @Test
    void anImageInAPromptIsRefused() throws IOException {
        copy("golden_more/gemma3-nested", Map.of("image_token_index", 262L, "boi_token_index", 255L));
        HandMadeTokenizer.write(folder, HandMadeTokenizer.tokenizerJson(List.of("a b", "ab c")));
        try (Model model = Model.load(folder); Scheduler scheduler = new Scheduler(model)) {
            Prompt image = Prompt.of(2, 255, 262, 7);
            GenerationOptions few = GenerationOptions.defaults().withMaxTokens(2);
            for (ThrowingCallable call : List.<ThrowingCallable>of(
                    () -> scheduler.submit(image, few), () -> scheduler.score(image, List.of(new int[1])))) {
                assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(
                        "prompt: id 262 at index 2: expected ids of text, found the one that stands for an image");
            }
        }
    }
}
