package io.github.t6j.chat;

import io.github.t6j.GenerationOptions;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** Options of an answer: {@link #of} and the methods that change one of them in a copy. */
public final class ChatOptions {
    private final GenerationOptions generation;
    private final List<Tool> tools;
    private final Boolean thinking; // null: the template's default
    private final ContextOverflow overflow;
    private final boolean requiredCall;
    private final Map<String, Object> templateVariables;

    private ChatOptions(GenerationOptions generation, List<Tool> tools, Boolean thinking, ContextOverflow overflow,
            boolean requiredCall, Map<String, Object> templateVariables) {
        this.generation = Objects.requireNonNull(generation, "generation");
        this.tools = List.copyOf(Objects.requireNonNull(tools, "tools"));
        this.thinking = thinking;
        this.overflow = Objects.requireNonNull(overflow, "overflow");
        this.requiredCall = requiredCall;
        this.templateVariables = templateVariables;
    }

    /**
     * Returns options without tools, with the template's default for thinking, and
     * {@link ContextOverflow#DROP_OLDEST_TURNS}. {@link Chat#options} fit a model.
     */
    public static ChatOptions of(GenerationOptions generation) {
        return new ChatOptions(generation, List.of(), null, ContextOverflow.DROP_OLDEST_TURNS, false, Map.of());
    }

    /** Returns the options of the generation. */
    public GenerationOptions generation() {
        return generation;
    }

    /** Returns the tools that the model may call. */
    public List<Tool> tools() {
        return tools;
    }

    /** Returns true if thinking is on, or false if it is off; empty for the template's default. */
    public Optional<Boolean> thinking() {
        return Optional.ofNullable(thinking);
    }

    /** Returns the policy for a conversation that is longer than the context. */
    public ContextOverflow overflow() {
        return overflow;
    }

    /** Returns true if the answer must call one of the tools. */
    public boolean requiredCall() {
        return requiredCall;
    }

    /** Returns further variables of the template, by their names. */
    public Map<String, Object> templateVariables() {
        return templateVariables;
    }

    /** Returns these options with other options for the generation. */
    public ChatOptions withGeneration(GenerationOptions newGeneration) {
        return new ChatOptions(newGeneration, tools, thinking, overflow, requiredCall, templateVariables);
    }

    /** Returns these options with the generation's options changed. */
    public ChatOptions withGeneration(UnaryOperator<GenerationOptions> change) {
        return withGeneration(Objects.requireNonNull(change, "change").apply(generation));
    }

    /** Returns these options with other tools. */
    public ChatOptions withTools(List<Tool> newTools) {
        return new ChatOptions(generation, newTools, thinking, overflow, requiredCall, templateVariables);
    }

    /** Returns these options with other tools. */
    public ChatOptions withTools(Tool... newTools) {
        return withTools(List.of(Objects.requireNonNull(newTools, "tools")));
    }

    /** Returns these options with thinking turned on or off, if the template supports that. */
    public ChatOptions withThinking(boolean newThinking) {
        return new ChatOptions(generation, tools, newThinking, overflow, requiredCall, templateVariables);
    }

    /** Returns these options with another policy for a conversation that is longer than the context. */
    public ChatOptions withOverflow(ContextOverflow newOverflow) {
        return new ChatOptions(generation, tools, thinking, newOverflow, requiredCall, templateVariables);
    }

    /**
     * Returns these options with an answer that must be one call of one of the tools, or any answer. A grammar
     * ({@link PromptFormat#callGrammar}) makes the model write such a call, so its arguments match the tool's schema;
     * stop strings are ignored. The options must have tools and no other grammar.
     */
    public ChatOptions withRequiredCall(boolean required) {
        return new ChatOptions(generation, tools, thinking, overflow, required, templateVariables);
    }

    /**
     * Returns these options with further variables for the template, such as {@code thinking} of Granite; they
     * replace neither messages, tools and add_generation_prompt, nor enable_thinking after {@link #withThinking}.
     *
     * @param variables JSON values by name: texts, numbers, booleans, lists and maps
     */
    public ChatOptions withTemplateVariables(Map<String, Object> variables) {
        Map<String, Object> copy =
                Collections.unmodifiableMap(new LinkedHashMap<>(Objects.requireNonNull(variables, "variables")));
        return new ChatOptions(generation, tools, thinking, overflow, requiredCall, copy);
    }
}
