package io.github.t6j.chat.template;

import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.template.ChatTemplate.Source;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.checkpoint.CheckpointFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds a model's template, and the texts of its special tokens. */
final class TemplateFiles {
    private static final String KEY = "chat_template";
    private static final String JINJA = "chat_template.jinja";
    /** Folder of further templates, by name. */
    private static final String OTHERS = "additional_chat_templates";
    private static final String CONFIG = "tokenizer_config.json";
    private static final String TOKENS = "special_tokens_map.json";
    private static final String DEFAULT = "default";
    private static final String FOR_TOOLS = "tool_use";
    private static final byte[] GGUF = {'G', 'G', 'U', 'F'};
    private static final String GGUF_KEY = "tokenizer.chat_template";

    /** Keys of token ids in a GGUF file, by variable. */
    private static final Map<String, String> GGUF_TOKENS = Map.of(
            "bos_token", "bos_token_id", "eos_token", "eos_token_id", "unk_token", "unknown_token_id", "pad_token",
            "padding_token_id", "sep_token", "seperator_token_id", "cls_token", "cls_token_id", "mask_token",
            "mask_token_id");

    private TemplateFiles() {}

    static Optional<ChatTemplate> find(Path model) {
        if (Files.isDirectory(model)) {
            return inFolder(model).or(() -> onlyGguf(model).flatMap(TemplateFiles::inGguf));
        }
        return isGguf(model) ? inGguf(model) : inFolder(model.toAbsolutePath().getParent());
    }

    static Optional<ChatTemplate> find(Path model, List<Path> adapters) {
        return adapters.reversed().stream().filter(adapter -> exists(adapter.resolve(JINJA))).findFirst()
                .map(adapter -> read(adapter.resolve(JINJA), exists(adapter.resolve(CONFIG)) ? adapter : model))
                .or(() -> find(model));
    }

    static ChatTemplate read(Path file, Path model) {
        return ChatTemplate.parse(file.toString(), text(file), specialTokens(model));
    }

    static Map<String, String> specialTokens(Path model) {
        if (isGguf(model)) {
            return ggufTokens(ggufKeys(model));
        }
        Path folder = Files.isDirectory(model) ? model : model.toAbsolutePath().getParent();
        if (!exists(folder.resolve(CONFIG))) {
            return onlyGguf(folder).map(gguf -> ggufTokens(ggufKeys(gguf))).orElse(Map.of());
        }
        Map<String, Object> config = json(folder.resolve(CONFIG));
        Map<String, String> tokens = specialTokens(config);
        if (!config.containsKey("added_tokens_decoder") && exists(folder.resolve(TOKENS))) { // transformers before 4.34
            tokens.putAll(specialTokens(json(folder.resolve(TOKENS))));
        }
        return tokens;
    }

    /** Returns the GGUF file that has the tokenizer of a folder, as {@link Tokenizer#load} finds it. */
    private static Optional<Path> onlyGguf(Path folder) {
        return Tokenizer.existsIn(folder) ? Optional.empty() : CheckpointFiles.only(folder, ".gguf");
    }

    private static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    private static Optional<ChatTemplate> inFolder(Path folder) {
        Path configFile = folder.resolve(CONFIG);
        Map<String, Object> config = exists(configFile) ? json(configFile) : Map.of();
        Map<String, String> tokens = specialTokens(folder);
        Path jinja = folder.resolve(JINJA);
        if (exists(jinja)) {
            Path tools = folder.resolve(OTHERS).resolve(FOR_TOOLS + ".jinja");
            return Optional.of(new ChatTemplate(new Source(jinja.toString(), text(jinja)),
                    exists(tools) ? new Source(tools.toString(), text(tools)) : null, tokens));
        }
        if (config.get(KEY) != null) {
            return Optional.of(inJson(configFile, config.get(KEY), tokens));
        }
        Path json = folder.resolve("chat_template.json");
        return exists(json) ? Optional.of(inJson(json, json(json).get(KEY), tokens)) : Optional.empty();
    }

    private static Map<String, Object> json(Path file) {
        return Json.parseObject(SmallFile.read(file, SmallFile.TOKENIZER), file.toString());
    }

    private static String text(Path file) {
        try {
            byte[] utf8 = SmallFile.read(file, SmallFile.CONFIG);
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
        } catch (CharacterCodingException e) {
            throw new ModelFormatException(file + ": expected UTF-8, found invalid bytes: download the file again", e);
        }
    }

    /** Returns keys that end in _token, whose value is a text or an object with the text as its content. */
    private static Map<String, String> specialTokens(Map<String, Object> config) {
        Map<String, String> tokens = new HashMap<>();
        config.forEach((key, value) -> {
            Object text = value instanceof Map<?, ?> map ? map.get("content") : value;
            if (key.endsWith("_token") && text instanceof String token) {
                tokens.put(key, token);
            }
        });
        return tokens;
    }

    /** Reads a template, or a list of objects with name and template. */
    private static ChatTemplate inJson(Path file, Object value, Map<String, String> tokens) {
        String where = file + ": " + KEY;
        if (value instanceof String template) {
            return ChatTemplate.parse(where, template, tokens);
        }
        if (!(value instanceof List<?> list)) {
            throw new ModelFormatException(
                    where + ": expected a text, or a list of objects with name and template, found "
                            + (value == null ? "none" : "another value"));
        }
        Map<String, String> named = new LinkedHashMap<>();
        for (Object entry : list) {
            if (!(entry instanceof Map<?, ?> map && map.get("name") instanceof String name
                    && map.get("template") instanceof String template)) {
                throw new ModelFormatException(where + ": expected objects with name and template, found another");
            }
            named.put(name, template);
        }
        return named(where, named, tokens);
    }

    private static ChatTemplate named(String where, Map<String, String> named, Map<String, String> tokens) {
        if (!named.containsKey(DEFAULT)) {
            throw new ModelFormatException(where + ": expected a template with the name " + DEFAULT + ", found "
                    + named.keySet());
        }
        Source forTools = named.containsKey(FOR_TOOLS)
                ? new Source(where + " " + FOR_TOOLS, named.get(FOR_TOOLS))
                : null;
        return new ChatTemplate(new Source(where, named.get(DEFAULT)), forTools, tokens);
    }

    private static boolean isGguf(Path file) {
        if (!Files.isRegularFile(file)) {
            return false; // reading a pipe would wait
        }
        try (InputStream in = Files.newInputStream(file)) {
            return Arrays.equals(in.readNBytes(GGUF.length), GGUF);
        } catch (IOException e) {
            throw new UncheckedIOException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private static Optional<ChatTemplate> inGguf(Path file) {
        Map<String, Object> keys = ggufKeys(file);
        if (keys.get(GGUF_KEY) == null) {
            return Optional.empty();
        }
        Map<String, String> named = new LinkedHashMap<>();
        for (String name : List.of(DEFAULT, FOR_TOOLS)) {
            Object value = keys.get(name.equals(DEFAULT) ? GGUF_KEY : GGUF_KEY + "." + name);
            if (value != null && !(value instanceof String)) {
                throw new ModelFormatException(file + ": " + GGUF_KEY + ": expected a text, found another value");
            }
            if (value instanceof String template) {
                named.put(name, template);
            }
        }
        return Optional.of(named(file + ": " + GGUF_KEY, named, ggufTokens(keys)));
    }

    private static Map<String, Object> ggufKeys(Path file) {
        try (Checkpoint checkpoint = Checkpoint.open(file, false)) {
            return new HashMap<>(checkpoint.gguf());
        }
    }

    private static Map<String, String> ggufTokens(Map<String, Object> keys) {
        Map<String, String> tokens = new HashMap<>();
        GGUF_TOKENS.forEach((variable, key) -> {
            if (keys.get("tokenizer.ggml.tokens") instanceof List<?> texts
                    && keys.get("tokenizer.ggml." + key) instanceof Long id && id >= 0 && id < texts.size()
                    && texts.get(id.intValue()) instanceof String text) {
                tokens.put(variable, text);
            }
        });
        return tokens;
    }
}
