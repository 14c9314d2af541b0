package io.github.t6j.chat.template;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Chat template in the language of Jinja2, which turns a conversation into the text that a model expects, as
 * transformers renders it. Unsupported parts of the language are an error, see {@link ChatTemplateException}.
 *
 * <p>Thread-safe.
 */
public final class ChatTemplate {
    /** Longest template in characters, fifty times the usual length. */
    private static final int LONGEST = 1 << 20;

    /** Text of a template. */
    record Source(String name, String text) {}

    /** @param assigned see {@link OuterLevel} */
    private record Parsed(Source source, List<Statement> statements, Set<String> assigned) {}

    private final Parsed standard;
    private final Source forTools;
    private final Map<String, String> specialTokens;
    private final LocalDateTime time; // that strftime_now returns, or null for the present

    /**
     * @param forTools template for conversations with tools, parsed when first used, as most have none; null for the
     *     same one
     */
    ChatTemplate(Source standard, Source forTools, Map<String, String> specialTokens) {
        this(parse(standard), forTools, specialTokens, null);
    }

    private ChatTemplate(
            Parsed standard, Source forTools, Map<String, String> specialTokens, LocalDateTime time) {
        this.standard = standard;
        this.forTools = forTools;
        this.specialTokens = Map.copyOf(specialTokens);
        this.time = time;
    }

    /**
     * Returns the template of a model: FOLDER/chat_template.jinja, otherwise chat_template in tokenizer_config.json (a
     * text, or the one named "default" in a list), otherwise chat_template.json; for a GGUF file, or the only one in a
     * folder without another tokenizer, tokenizer.chat_template. Empty if it has none.
     *
     * @param model a folder or a file; a file other than GGUF represents its folder
     * @throws ChatTemplateException if the template is not supported
     * @throws io.github.t6j.ModelFormatException if the file with the template has another format
     * @throws java.io.UncheckedIOException if a file cannot be read
     */
    public static Optional<ChatTemplate> of(Path model) {
        return TemplateFiles.find(Objects.requireNonNull(model, "model"));
    }

    /**
     * Returns the template of a model with adapters: chat_template.jinja of the last adapter that has one,
     * since it was trained with it, or otherwise the model's. The special tokens come from the adapter's
     * tokenizer_config.json, or otherwise from the model's.
     *
     * @param model as for {@link #of(Path)}
     * @param adapters folders of adapters, in the order of {@link io.github.t6j.Model#adapters}
     * @throws ChatTemplateException if the template is not supported
     * @throws io.github.t6j.ModelFormatException if the file with the template has another format
     * @throws java.io.UncheckedIOException if a file cannot be read
     */
    public static Optional<ChatTemplate> of(Path model, List<Path> adapters) {
        return TemplateFiles.find(Objects.requireNonNull(model, "model"), Objects.requireNonNull(adapters, "adapters"));
    }

    /**
     * Reads a template from a separate file, with the special tokens of a model.
     *
     * @param file text of the template
     * @param model a folder, or a file, as for {@link #of}
     * @throws ChatTemplateException if the template is not supported
     * @throws io.github.t6j.ModelFormatException if the file is not UTF-8, or the model's files are damaged
     * @throws java.io.UncheckedIOException if a file cannot be read
     */
    public static ChatTemplate read(Path file, Path model) {
        return TemplateFiles.read(Objects.requireNonNull(file, "file"), Objects.requireNonNull(model, "model"));
    }

    /**
     * Returns the special tokens of a model's configuration: bos_token, eos_token, … by name.
     *
     * @param model a folder, or a file, as for {@link #of}
     * @throws io.github.t6j.ModelFormatException if the model's files are damaged
     * @throws java.io.UncheckedIOException if a file cannot be read
     */
    public static Map<String, String> specialTokens(Path model) {
        return TemplateFiles.specialTokens(Objects.requireNonNull(model, "model"));
    }

    /**
     * Parses a template.
     *
     * @param name its name in errors
     * @param specialTokens bos_token, eos_token, … of the model's configuration, which are variables of the template
     * @throws ChatTemplateException if the template is not supported
     */
    public static ChatTemplate parse(String name, String template, Map<String, String> specialTokens) {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(template, "template");
        Objects.requireNonNull(specialTokens, "specialTokens");
        return new ChatTemplate(new Source(name, template), null, specialTokens);
    }

    /** Returns this template with a fixed time for strftime_now. */
    public ChatTemplate at(LocalDateTime fixed) {
        return new ChatTemplate(standard, forTools, specialTokens, Objects.requireNonNull(fixed, "fixed"));
    }

    /** Returns the name of the template in errors, usually its file. */
    public String name() {
        return standard.source.name;
    }

    /** Returns true if conversations with tools have a separate template. */
    public boolean hasTemplateForTools() {
        return forTools != null;
    }

    /** Returns the text of the template. */
    public String text() {
        return standard.source.text;
    }

    private static Parsed parse(Source source) {
        if (source.text.length() > LONGEST) {
            throw new ChatTemplateException(source.name + ": expected a template of at most " + LONGEST
                    + " characters, found " + source.text.length());
        }
        Lexer lexer = new Lexer(source.text);
        List<TemplateToken> tokens;
        try {
            tokens = lexer.tokens();
        } catch (Fault fault) {
            throw failure(source, lexer.line(), fault);
        }
        StatementParser parser = new StatementParser(tokens);
        try {
            return new Parsed(source, parser.template(), parser.assigned());
        } catch (Fault fault) {
            throw failure(source, parser.line(), fault);
        }
    }

    private static ChatTemplateException failure(Source source, int line, Fault fault) {
        return new ChatTemplateException(source.name + ":" + line + ": " + fault.getMessage());
    }

    /**
     * Returns the conversation as text for the model. The function strftime_now, which some templates call, returns the
     * time of this machine.
     *
     * @param messages role, content, … of each message, in the order in which tojson prints them
     * @param addGenerationPrompt true to end the text where the model's answer begins
     * @param variables other variables of the template, such as tools and enable_thinking; values are texts,
     *     numbers, booleans, lists, maps or null
     * @throws ChatTemplateException if the template rejects the conversation, with its reason, or exceeds its budget
     * @throws IllegalArgumentException for another kind of value
     */
    public String render(List<Map<String, Object>> messages, boolean addGenerationPrompt,
            Map<String, Object> variables) {
        Objects.requireNonNull(messages, "messages");
        Objects.requireNonNull(variables, "variables");
        return render(messages, addGenerationPrompt, variables, time == null ? LocalDateTime.now() : time);
    }

    /** @param now time that strftime_now returns */
    String render(List<Map<String, Object>> messages, boolean addGenerationPrompt, Map<String, Object> variables,
            LocalDateTime now) {
        Parsed template = forTools != null && variables.get("tools") != null ? parse(forTools) : standard;
        Map<String, Value> given = given(messages, addGenerationPrompt, variables);
        long size = template.source.text.length() + given.values().stream().mapToLong(Value::size).sum();
        Renderer renderer = new Renderer(new Budget(size), now);
        try {
            return renderer.render(template.statements, template.assigned, given);
        } catch (Fault fault) {
            throw failure(template.source, renderer.line(), fault);
        }
    }

    private Map<String, Value> given(List<Map<String, Object>> messages, boolean addGenerationPrompt,
            Map<String, Object> variables) {
        Map<String, Value> given = new LinkedHashMap<>();
        given.put("tools", Value.None.NONE);
        given.put("documents", Value.None.NONE);
        specialTokens.forEach((name, token) -> given.put(name, new Value.Text(token)));
        variables.forEach((name, value) -> given.put(name, Value.from(value)));
        given.put("messages", Value.from(messages));
        given.put("add_generation_prompt", Value.of(addGenerationPrompt));
        return given;
    }
}
