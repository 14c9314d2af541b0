package io.github.t6j.chat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.chat.internal.AnswerParser;
import io.github.t6j.chat.internal.BegunAnswer;
import io.github.t6j.chat.internal.ChannelReader;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Turns messages into the ids of a prompt. A model's chat template renders one text with special tokens, to
 * which no id is added. Without a template, messages are plain text ({@link #plainText}), which begins as every prompt
 * does and has no special tokens. Tools that the template does not support are added as JSON before the conversation.
 *
 * <p>Thread-safe.
 */
public final class PromptFormat {
    private static final String BETWEEN = "\n\n";
    private static final int KEPT_GRAMMARS = 16;
    private static final String PROBE = "probe";
    private static final String EFFORT = "reasoning_effort";
    private static final String NO_EFFORT = "none";
    private static final Message ASKED = Message.user(PROBE);
    private static final List<Message> ANSWERED = List.of(ASKED, Message.assistant(PROBE));

    private final Tokenizer tokenizer;
    private final ChatTemplate template; // null for plain text
    private final String endOfTurn;
    private final boolean switchesThinking;
    private final boolean hasEffort; // reasoning_effort of Olala, whose none turns thinking off
    private final boolean hasTools;
    private final boolean hasReasoning;
    private final boolean hasSystem;
    private final boolean hasCalls;
    private final CallFormat callFormat;
    private final Map<Reasoned, Grammar> reasoned = new LinkedHashMap<>(); // guarded by itself; the newest is last

    private final Map<RequiredCall, Grammar> required = new LinkedHashMap<>(); // guarded by itself, in the same order

    /** Tools for an answer that must call one; {@code tagged} if the prompt has the tag of calls, or none is needed. */
    private record RequiredCall(List<Tool> tools, boolean tagged) {}

    /** A grammar of answers and the reasoning before them. */
    private record Reasoned(Grammar answers, Reasoning reasoning) {}

    /** @param template chat template, or empty for plain text */
    public PromptFormat(Tokenizer tokenizer, Optional<ChatTemplate> template) {
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
        this.template = Objects.requireNonNull(template, "template").orElse(null);
        endOfTurn = endOfTurn(probe(ANSWERED, Map.of(), false));
        hasEffort = ChannelReader.reasons(probe(List.of(ASKED), Map.of(EFFORT, "high"), true))
                && !ChannelReader.reasons(probe(List.of(ASKED), Map.of(EFFORT, NO_EFFORT), true));
        switchesThinking = hasEffort || !probe(List.of(ASKED), Map.of("enable_thinking", true), true)
                .equals(probe(List.of(ASKED), Map.of("enable_thinking", false), true));
        String name = "probed_tool";
        hasTools = probe(List.of(ASKED), tools(List.of(new Tool(name, PROBE, Map.of()))), true).contains(name);
        String thought = "probed thought";
        hasReasoning = probe(List.of(ASKED, Message.assistant(PROBE, thought, List.of())), Map.of(), false)
                .contains(thought);
        String systemText = "probed system";
        hasSystem = probe(List.of(Message.system(systemText), ASKED), Map.of(), true).contains(systemText);
        Map<String, Object> tools = tools(CallFormat.PROBED_TOOLS);
        String called = probe(CallFormat.PROBE, tools, true);
        hasCalls = called.isEmpty() || CallFormat.isIn(called);
        callFormat = hasTools
                ? CallFormat.of(called.isEmpty() ? probe(List.of(ASKED), tools, true) : called)
                : CallFormat.JSON;
    }

    /** Returns the rendered messages; "" without a template or where the template refuses them. */
    private String probe(List<Message> messages, Map<String, Object> variables, boolean forAnswer) {
        if (template == null) {
            return "";
        }
        try {
            return template.render(fields(messages), forAnswer, variables);
        } catch (RuntimeException refused) {
            return "";
        }
    }

    private static Map<String, Object> tools(List<Tool> tools) {
        return Map.of("tools", tools.stream().map(Tool::fields).toList());
    }

    private static List<Map<String, Object>> fields(List<Message> messages) {
        return messages.stream().map(Message::fields).collect(Collectors.toCollection(ArrayList::new));
    }

    private String endOfTurn(String rendered) {
        int end = rendered.lastIndexOf(PROBE) + PROBE.length();
        if (end <= rendered.length()) {
            for (int id : tokenizer.encodeWithSpecialTokens(rendered.substring(end))) {
                if (tokenizer.isSpecial(id) && !tokenizer.decode(id).equals(ChannelReader.end())) {
                    return tokenizer.decode(id);
                }
            }
        }
        return "";
    }

    /** Returns true if a template exists, so that messages have roles. */
    public boolean hasTemplate() {
        return template != null;
    }

    /** Returns the template, if any. */
    public Optional<ChatTemplate> template() {
        return Optional.ofNullable(template);
    }

    /** Returns true if the template has a place for a system message. */
    boolean hasSystem() {
        return hasSystem;
    }

    /** Returns the special token, such as {@code <|im_end|>}, that the template writes after an answer; "" if none. */
    public String endOfTurn() {
        return endOfTurn;
    }

    /** Returns true if the template can turn thinking off. */
    public boolean switchesThinking() {
        return switchesThinking;
    }

    /** Returns true if the template has a place for tools. */
    public boolean hasTools() {
        return hasTools;
    }

    /**
     * Returns the place of reasoning in the answer to a rendered prompt, for a grammar that the text after it matches.
     */
    public Reasoning reasoning(String rendered, ChatOptions options) {
        boolean mayReason = (switchesThinking || hasReasoning) && options.thinking().orElse(true);
        return template == null ? Reasoning.none() : Reasoning.of(rendered, mayReason);
    }

    /**
     * Returns the special token, such as {@code [TOOL_CALLS]}, that ends the prompt of a required call, since no
     * grammar can write it; "" if the format of the calls needs none. The caller appends it to the rendered prompt.
     */
    public String callTag() {
        return callFormat.tag();
    }

    /**
     * Returns the grammar of an answer that calls one of {@code tools} with arguments of its schema, in the format that
     * the template's model writes, after {@link #callTag}.
     *
     * @param tools at least one
     * @param several true to allow several calls
     * @throws IllegalArgumentException if the parameters of a tool are not an object, or their schema is not supported
     */
    public Grammar callGrammar(List<Tool> tools, boolean several) {
        return callFormat.grammar(tools, several);
    }

    /**
     * Returns {@link #untilEndOfTurn} for the answer to a rendered prompt. If the prompt has opened the reasoning, a
     * grammar applies to the text after it.
     */
    GenerationOptions generating(String rendered, ChatOptions options) {
        if (options.requiredCall()) {
            boolean tagged = isTagged(rendered, options);
            Reasoning before = tagged ? Reasoning.none() : reasoning(rendered, options);
            return options.generation().withStop().withGrammar(calls(options, tagged, before));
        }
        GenerationOptions generation = untilEndOfTurn(options.generation());
        Reasoning reasoning = reasoning(rendered, options);
        boolean opened = reasoning.open().isEmpty() && !reasoning.close().isEmpty();
        return generation.grammar() == null || !opened
                ? generation
                : generation.withGrammar(after(reasoning, grammar(generation)));
    }

    private static Grammar grammar(GenerationOptions generation) {
        if (generation.grammar() instanceof Grammar grammar) {
            return grammar;
        }
        throw new IllegalArgumentException("grammar: expected a Grammar, which can follow reasoning, found "
                + generation.grammar().getClass().getName());
    }

    /** Returns true if the prompt of a required call ends with the {@link #callTag}. */
    private boolean isTagged(String rendered, ChatOptions options) {
        return options.requiredCall() && !callTag().isEmpty() && rendered.endsWith(callTag());
    }

    /** Returns a call of one of the tools, after the tag of calls in the prompt or otherwise after reasoning. */
    private Grammar calls(ChatOptions options, boolean tagged, Reasoning before) {
        if (options.tools().isEmpty() || options.generation().grammar() != null) {
            throw new IllegalArgumentException("requiredCall: expected tools and no grammar, found "
                    + (options.tools().isEmpty() ? "no tools" : "a grammar"));
        }
        Grammar calls;
        synchronized (required) {
            calls = required.computeIfAbsent(
                    new RequiredCall(options.tools(), tagged || callTag().isEmpty()), this::calls);
            removeEldest(required);
        }
        return after(before, calls);
    }

    private Grammar calls(RequiredCall call) {
        Grammar calls = callGrammar(call.tools(), false);
        return call.tagged() ? calls : Grammar.sequence(Grammar.text(callTag()), calls);
    }

    private static void removeEldest(Map<?, ?> kept) {
        if (kept.size() > KEPT_GRAMMARS) {
            kept.remove(kept.keySet().iterator().next());
        }
    }

    /** Returns the answers of {@code grammar} after reasoning. The last few are kept, since the model compiles each. */
    private Grammar after(Reasoning reasoning, Grammar grammar) {
        synchronized (reasoned) {
            Grammar whole = reasoned.computeIfAbsent(
                    new Reasoned(grammar, reasoning), key -> key.reasoning().before(key.answers()));
            removeEldest(reasoned);
            return whole;
        }
    }

    /**
     * Returns {@code options} that also stop at the end of an answer, since the end ids of most models end only a text.
     * A grammar also ends an answer.
     */
    public GenerationOptions untilEndOfTurn(GenerationOptions options) {
        if (endOfTurn.isEmpty() || options.ignoreEndOfText() || options.grammar() != null) {
            return options;
        }
        List<String> stop = new ArrayList<>(options.stop());
        stop.add(endOfTurn);
        return options.withStop(stop.toArray(String[]::new));
    }

    /**
     * Returns the text that the model continues with its answer to the last message. If the options require a call, it
     * ends with the {@link #callTag}, unless the model reasons first.
     *
     * @param options tools and thinking
     * @throws RuntimeException if the template rejects the messages
     */
    public String render(List<Message> messages, ChatOptions options) {
        Objects.requireNonNull(messages, "messages");
        Objects.requireNonNull(options, "options");
        String rendered = rendered(messages, options);
        if (ChannelReader.isIn(rendered) && (options.requiredCall() || options.generation().grammar() != null)) {
            return ChannelReader.withoutReasoning(rendered, options.requiredCall());
        }
        boolean tagged = options.requiredCall() && reasoning(rendered, options).equals(Reasoning.none());
        return tagged ? rendered + callTag() : rendered;
    }

    private String rendered(List<Message> messages, ChatOptions options) {
        return rendered(messages, options, true);
    }

    /**
     * Returns the text of a conversation whose last message is an answer, as the model wrote it after its prompt.
     *
     * @throws RuntimeException if the template rejects the messages
     */
    String renderAnswered(List<Message> messages, ChatOptions options) {
        return rendered(messages, options, false);
    }

    private String rendered(List<Message> messages, ChatOptions options, boolean forAnswer) {
        List<Message> all = hasTools ? withCalls(messages) : ToolPrompt.with(options.tools(), messages);
        if (template == null) {
            return plainText(all);
        }
        Map<String, Object> variables = new LinkedHashMap<>(options.templateVariables());
        variables.remove("tools");
        if (hasTools && !options.tools().isEmpty()) {
            variables.putAll(tools(options.tools()));
        }
        options.thinking().ifPresent(thinking -> variables.put("enable_thinking", thinking));
        if (hasEffort && !options.thinking().orElse(true)) {
            variables.put(EFFORT, NO_EFFORT);
        }
        boolean joins = !hasSystem && !hasTools && !options.tools().isEmpty();
        return template.render(fields(withReasoning(joins ? withoutSystem(all) : all)), forAnswer, variables);
    }

    /**
     * Returns the text that the model continues in the middle of its answer: the prompt of the answer, then its text so
     * far.
     *
     * @param messages messages; the last one is the beginning of an answer, without tool calls
     * @param options tools and thinking
     * @throws RuntimeException if the template rejects the messages
     */
    public String renderBegun(List<Message> messages, ChatOptions options) {
        Objects.requireNonNull(messages, "messages");
        String prompt = render(messages.subList(0, messages.size() - 1), options);
        return prompt + BegunAnswer.text(prompt, messages.getLast());
    }

    /** Puts the system message before the first message of the user, for templates without that role. */
    private static List<Message> withoutSystem(List<Message> messages) {
        if (messages.size() < 2 || messages.get(1).role() != Role.USER) {
            return messages;
        }
        List<Message> all = new ArrayList<>(messages.subList(1, messages.size()));
        all.set(0, Message.user(messages.getFirst().content() + BETWEEN + all.getFirst().content()));
        return all;
    }

    /** Puts calls into the text, for templates that leave them out. */
    private List<Message> withCalls(List<Message> messages) {
        return hasCalls
                ? messages
                : messages.stream().map(message -> message.toolCalls().isEmpty()
                        ? message
                        : message.withContent(message.content() + (message.content().isEmpty() ? "" : "\n")
                                + callFormat.text(message.toolCalls())))
                        .toList();
    }

    /** Puts reasoning into the text, for templates that look for it there. */
    private List<Message> withReasoning(List<Message> messages) {
        return hasReasoning
                ? messages
                : messages.stream().map(message -> message.reasoning().isEmpty()
                        ? message
                        : Message.assistant("<think>\n" + message.reasoning() + "\n</think>\n\n" + message.content(),
                                "",
                                message.toolCalls()))
                        .toList();
    }

    /**
     * Returns messages for a model without roles: a paragraph each, followed by a blank line, so that the model
     * continues with the next paragraph.
     */
    static String plainText(List<Message> messages) {
        return messages.stream().map(message -> message.content() + BETWEEN).collect(Collectors.joining());
    }

    /**
     * Returns the prompt that a session or a scheduler continues with the answer to the last message.
     *
     * @param options tools and thinking
     * @throws RuntimeException if the template rejects the messages
     */
    public Prompt prompt(List<Message> messages, ChatOptions options) {
        return Prompt.of(encode(render(messages, options)));
    }

    /** Returns the ids of a rendered text. */
    public int[] encode(String rendered) {
        return template == null ? tokenizer.encodePrompt(rendered) : tokenizer.encodeWithSpecialTokens(rendered);
    }

    /**
     * Parses an answer that the program generated itself into text, reasoning and tool calls.
     *
     * @param rendered rendered prompt, which may open the reasoning
     * @param messages messages that the prompt renders
     * @param text generated text
     */
    public Message answer(String rendered, List<Message> messages, ChatOptions options, String text) {
        Objects.requireNonNull(rendered, "rendered");
        Objects.requireNonNull(messages, "messages");
        AnswerParser parser = newParser(
                rendered, messages, Objects.requireNonNull(options, "options"), AnswerListener.none());
        parser.append(Objects.requireNonNull(text, "text"));
        return parser.finish();
    }

    /**
     * Returns a parser of the answer to {@code messages}. If the options have a grammar or require a call, only tags
     * before any text count.
     */
    AnswerParser newParser(String rendered, List<Message> messages, ChatOptions options, AnswerListener listener) {
        AnswerParser parser = new AnswerParser(template == null ? "" : rendered, options.tools(), messages,
                options.generation().grammar() != null || options.requiredCall(), listener);
        if (isTagged(rendered, options)) {
            parser.append(callTag());
        }
        return parser;
    }
}
