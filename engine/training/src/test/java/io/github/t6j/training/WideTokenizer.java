package io.github.t6j.training;

import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.tokenizer.TokenizerTrainer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Tokenizer with added tokens x0x, x1x …, enough that their ids need more than two bytes. */
public final class WideTokenizer {
    private WideTokenizer() {}

    public static Tokenizer write(Path folder, int tokens) throws IOException {
        byte[] small = new TokenizerTrainer().train(TokenizerTrainer.SMALLEST, share -> {}).json()
                .getBytes(StandardCharsets.UTF_8);
        Map<String, Object> json = Json.parseObject(small, "small");
        for (int i = 0; i < tokens; i++) {
            Map<String, Object> token = new HashMap<>();
            token.put("id", 257L + i);
            token.put("content", "x" + i + "x");
            token.put("special", false);
            Json.array(json.get("added_tokens"), "added_tokens").add(token);
        }
        Files.createDirectories(folder);
        return Tokenizer
                .load(Files.writeString(folder.resolve("tokenizer.json"), Json.write(new LinkedHashMap<>(json))));
    }
}
