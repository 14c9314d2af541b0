package io.github.t6j.cli.template;

import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The text that a model wants a conversation as: a template of Jinja2's language, rendered as transformers renders it. What
 * it has of the language that is not known here is refused, see {@link ChatTemplateException}.
 *
 * <p>Safe for use by several threads.
 */
public final class ChatTemplate {
    /** Characters of the longest template: fifty times what they have. */
    private static final int LONGEST = 1 << 20;

    /** A template's text. */
    record Source(String name, String text) {}

    /** @param own see {@link OuterLevel} */
    private record Parsed(Source source, List<Statement> statements, Set<String> own) {}

    private final Parsed standard;
    private final Source forTools;
    private final Map<String, String> specialTokens;

    /** @param forTools used where there are tools, and parsed then: most conversations have none; null for the same */
    ChatTemplate(Source standard, Source forTools, Map<String, String> specialTokens) {
        this.standard = parse(standard);
        this.forTools = forTools;
        this.specialTokens = Map.copyOf(specialTokens);
    }

    /**
     * The template of a model: FOLDER/chat_template.jinja before tokenizer_config.json's chat_template (a text, or a list:
     * "default") before chat_template.json; or a GGUF file's tokenizer.chat_template; empty if it has none.
     *
     * @param model a folder, or a file, which if it is not a GGUF file stands for its folder
     * @throws ChatTemplateException when it has something that is not known here
     * @throws io.github.t6j.ModelFormatException when the file that it is in is not what it must be
     * @throws java.io.UncheckedIOException when a file cannot be read
     */
    public static Optional<ChatTemplate> of(Path model) {
        return TemplateFiles.find(model);
    }

    /**
     * A template from its text.
     *
     * @param name what to call it in errors
     * @param specialTokens bos_token, eos_token, … as the model's configuration has them: variables of the template
     * @throws ChatTemplateException when it has something that is not known here
     */
    public static ChatTemplate parse(String name, String template, Map<String, String> specialTokens) {
        return new ChatTemplate(new Source(name, template), null, specialTokens);
    }

    private static Parsed parse(Source source) {
        if (source.text.length() > LONGEST) {
            throw new ChatTemplateException(source.name + ": expected a template of at most " + LONGEST
                    + " characters, found " + source.text.length());
        }
        Lexer lexer = new Lexer(source.text);
        List<Token> tokens;
        try {
            tokens = lexer.tokens();
        } catch (Fault fault) {
            throw failure(source, lexer.line(), fault);
        }
        StatementParser parser = new StatementParser(tokens);
        try {
            return new Parsed(source, parser.template(), parser.own());
        } catch (Fault fault) {
            throw failure(source, parser.line(), fault);
        }
    }

    private static ChatTemplateException failure(Source source, int line, Fault fault) {
        return new ChatTemplateException(source.name + ":" + line + ": " + fault.getMessage());
    }

    /**
     * The conversation as the model's text. strftime_now, which some templates call, gives the time of this machine.
     *
     * @param messages role, content, … of each, in the order in which tojson would print them
     * @param addGenerationPrompt whether the text ends where the model's answer begins
     * @param variables what else the template may ask for: tools, enable_thinking, …; values are texts, numbers, booleans,
     *     lists, maps or null
     * @throws ChatTemplateException when the template does not take the conversation, with its reason, or takes more than it
     *     may
     * @throws IllegalArgumentException for a value of another kind
     */
    public String render(List<Map<String, Object>> messages, boolean addGenerationPrompt,
            Map<String, Object> variables) {
        return render(messages, addGenerationPrompt, variables, LocalDateTime.now());
    }

    /** @param now what strftime_now gives */
    String render(List<Map<String, Object>> messages, boolean addGenerationPrompt, Map<String, Object> variables,
            LocalDateTime now) {
        Parsed template = forTools != null && variables.get("tools") != null ? parse(forTools) : standard;
        Map<String, Value> given = given(messages, addGenerationPrompt, variables);
        long size = template.source.text.length() + given.values().stream().mapToLong(Value::size).sum();
        Renderer renderer = new Renderer(new Budget(size), now);
        try {
            return renderer.render(template.statements, template.own, given);
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
