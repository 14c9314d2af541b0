package io.github.t6j.cli.serve;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Prompt;
import io.github.t6j.schedule.RefusedException;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/** POST /v1/completions: continues texts. */
final class Completions {
    /** Fields that would change the answer, and are not supported. */
    private static final Set<String> UNSUPPORTED =
            Set.of("suffix", "tools", "prompt_embeds");

    private static final int MAX_COPIES = 128;
    private static final int MAX_PROMPTS = 128;
    private static final int MAX_ALTERNATIVES = 20;
    private static final int DEFAULT_TOKENS = 16;

    private Completions() {}

    /**
     * Request that can be submitted.
     *
     * @param field name of the field with the prompts
     */
    record Prepared(Fields fields, String field, List<WantedPrompt> wanted, ResponseFormat format) {}

    static void answer(Exchange exchange, ServedModel served) throws IOException {
        run(exchange, served, exchange.prepared(fields -> prepared(fields, served)));
    }

    private static Prepared prepared(Fields fields, ServedModel served) {
        served.check(fields);
        fields.refuse(UNSUPPORTED);
        int copies = copies(fields, served);
        if (fields.whole("best_of", 1, MAX_COPIES, copies) != copies) {
            throw ApiException.unsupported("best_of");
        }
        boolean withLogprobs = fields.has("logprobs");
        int alternatives = fields.whole("logprobs", 0, MAX_ALTERNATIVES, 0);
        boolean echo = fields.flag("echo");
        if (echo && withLogprobs) {
            throw ApiException.invalid(
                    "echo", "echo: expected no logprobs, found both: t6j computes none for prompts");
        }
        int maxTokens = SamplingFields.maxTokens(fields, DEFAULT_TOKENS, "n_predict", "max_tokens");
        GenerationOptions options =
                SamplingFields.options(fields, served, maxTokens).withTopLogprobs(alternatives)
                        .withGrammar(OutputForm.of(fields).map(form -> form.grammar(served.grammars())).orElse(null));
        List<int[]> prompts = prompts(fields, served);
        checkCount(prompts.size() * copies, served.scheduler().options());
        List<String> echoed = new ArrayList<>();
        for (int[] prompt : prompts) {
            String text = echo ? served.model().tokenizer().decode(prompt) : "";
            echoed.addAll(Collections.nCopies(echo ? copies : 0, text));
        }
        ResponseFormat format =
                new CompletionFormat("cmpl-" + UUID.randomUUID(), ResponseFormat.now(), served, echoed, withLogprobs);
        List<WantedPrompt> wanted =
                prompts.stream().map(prompt -> new WantedPrompt(prompt, copies, options)).toList();
        return new Prepared(fields, "prompt", wanted, format);
    }

    /** Returns the number of continuations of each prompt, which run together. */
    static int copies(Fields fields, ServedModel served) {
        return fields.whole("n", 1, served.scheduler().options().maxRunning(), 1);
    }

    /** @throws ApiException if the scheduler would refuse {@code generations} generations even when idle */
    private static void checkCount(int generations, SchedulerOptions limits) {
        long max = (long) limits.maxRunning() + limits.maxQueued();
        if (generations > max) {
            throw ApiException.invalid("prompt", "prompt: expected at most " + max + " continuations of all prompts"
                    + " together, as many as may run or wait (--parallel, --queue), found " + generations);
        }
    }

    /** Returns one prompt or several, given as texts or ids. */
    private static List<int[]> prompts(Fields fields, ServedModel served) {
        Object prompt = fields.value("prompt");
        if (prompt instanceof String text) {
            return List.of(prompt(text, served));
        }
        if (prompt instanceof List<?> list && !list.isEmpty() && list.size() <= Exchange.LONGEST_BODY) {
            if (list.stream().allMatch(Long.class::isInstance)) {
                return List.of(ids(list));
            }
            boolean several = list.size() <= MAX_PROMPTS;
            if (several && list.stream().allMatch(String.class::isInstance)) {
                return list.stream().map(text -> prompt((String) text, served)).toList();
            }
            if (several && list.stream().allMatch(Completions::isIds)) {
                return list.stream().map(ids -> ids((List<?>) ids)).toList();
            }
        }
        throw ApiException.invalid("prompt", "prompt: expected a text, an array of ids, or an array of at most "
                + MAX_PROMPTS + " of either");
    }

    private static boolean isIds(Object value) {
        return value instanceof List<?> list && !list.isEmpty() && list.stream().allMatch(Long.class::isInstance);
    }

    private static int[] ids(List<?> ids) {
        return ids.stream().mapToInt(id -> Math.clamp((Long) id, -1, Integer.MAX_VALUE)).toArray();
    }

    /** Returns the ids of a text, in which special tokens are read, as in the messages of a chat. */
    private static int[] prompt(String text, ServedModel served) {
        Tokenizer tokenizer = served.model().tokenizer();
        PromptLength.check("prompt", text, served.scheduler().contextLength(),
                part -> tokenizer.encodeWithSpecialTokens(part).length);
        try {
            return text.isEmpty() ? tokenizer.encodeBeginning(text) : Tokens.prompt(tokenizer, text);
        } catch (IllegalArgumentException e) {
            throw ApiException.invalid("prompt", e.getMessage());
        }
    }

    /** Generates the requested texts and writes the answer. */
    static void run(Exchange exchange, ServedModel served, Prepared prepared) throws IOException {
        Fields fields = prepared.fields;
        List<WantedPrompt> wanted = prepared.wanted;
        boolean stream = fields.flag("stream");
        boolean usage = fields.object("stream_options").flag("include_usage");
        GenerationEvents events = new GenerationEvents(TimeLimit.of(fields));
        try {
            wanted.forEach(prompt -> submit(
                    events, served.scheduler(), fields, prepared.field, prompt, exchange.clientName()));
        } catch (ApiException e) {
            events.cancel();
            throw e;
        }
        int promptTokens = wanted.stream().mapToInt(prompt -> prompt.ids().length).sum();
        CompletionResponse response =
                new CompletionResponse(
                        exchange, served, events, prepared.format, promptTokens, stream, usage);
        try {
            response.write();
        } catch (ApiException e) {
            if (!exchange.hasBegun()) {
                throw e;
            }
            response.fail(e);
        }
    }

    private static void submit(
            GenerationEvents events, Scheduler scheduler, Fields fields, String field, WantedPrompt prompt,
            String client) {
        int context = scheduler.contextLength();
        if (prompt.ids().length > context) {
            throw ApiException.tooLong(field, context, prompt.ids().length);
        }
        try {
            events.submit(
                    scheduler, Prompt.of(prompt.ids()).withClient(client), prompt.copies(), prompt.options());
        } catch (RefusedException e) {
            throw ApiException.refused(e, largest(fields, field, prompt, context));
        } catch (IllegalArgumentException e) { // about the prompt's ids
            throw ApiException.invalid(field, e.getMessage().replaceFirst("^prompt", field));
        }
    }

    /** Returns the name of the field that asks for the most tokens: the prompt, or the limit of its continuations. */
    private static String largest(Fields fields, String field, WantedPrompt prompt, int context) {
        long more = (long) prompt.copies() * Math.min(prompt.options().maxTokens(), context - prompt.ids().length);
        String limit = Stream.of("max_completion_tokens", "max_tokens", "n_predict").filter(fields::has).findFirst()
                .orElse("max_tokens");
        return more > prompt.ids().length ? limit : field;
    }
}
