package io.github.t6j.cli.generate;

import io.github.t6j.Generation;
import io.github.t6j.Likelihood;
import io.github.t6j.Session;
import io.github.t6j.Token;
import io.github.t6j.TokenListener;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.OutputArguments;
import io.github.t6j.cli.io.Spinner;
import io.github.t6j.cli.io.WordWrap;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntSupplier;

/**
 * Prints a generation: its text as it is generated, on a terminal in lines that break at spaces; or JSON, token by
 * token or at the end.
 */
final class GenerationPrinter implements TokenListener {
    private final Main main;
    private final OutputArguments output;
    private final Session session;
    private final Tokenizer tokenizer;
    private final Spinner waiting;
    private final WordWrap lines;
    private final List<Object> alternatives = new ArrayList<>(); // of each token, if requested
    private final List<Long> times = new ArrayList<>(); // System.nanoTime() of each token
    private String echo;

    /**
     * @param columns columns of the terminal, or 0
     * @param echo text to print first; printed earlier, the progress of the prompt would erase it
     */
    GenerationPrinter(Main main, OutputArguments output, Session session, Tokenizer tokenizer, Spinner waiting,
            IntSupplier columns, String echo) {
        this.main = main;
        this.output = output;
        this.session = session;
        this.tokenizer = tokenizer;
        this.waiting = waiting;
        lines = new WordWrap(columns, main.out::print);
        this.echo = echo;
    }

    @Override
    public boolean onToken(Token token) {
        if (!token.isTail()) {
            times.add(System.nanoTime());
        }
        if (output.json() && token.isTail()) {
            return true; // the final object has the text
        }
        if (output.alternatives() > 0) {
            int max = Math.min(output.alternatives(), session.logits().length);
            alternatives.add(session.mostLikely(max).stream().map(this::object).toList());
        }
        if (output.stream()) {
            waiting.close();
            main.out.println(Json.writeLine(object(token)));
        } else if (!output.json() && !token.text().isEmpty()) {
            begin();
            lines.append(token.text());
        }
        return true;
    }

    private void begin() {
        waiting.close();
        if (!echo.isEmpty()) {
            lines.append(echo);
            echo = "";
        }
    }

    /** Ends the text, or prints the JSON of the whole generation. */
    void end(Generation generation) {
        begin();
        if (!output.json()) {
            lines.end();
            main.out.println("");
            return;
        }
        Map<String, Object> whole = object(generation);
        if (output.alternatives() > 0) {
            whole.put("top_log_probabilities", alternatives);
        }
        main.out.print(output.stream() ? Json.writeLine(whole) + "\n" : Json.write(whole));
    }

    private Map<String, Object> object(Token token) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("id", token.id());
        object.put("text", token.text());
        object.put("log_probability", token.logProbability());
        if (output.alternatives() > 0) {
            object.put("top_log_probabilities", alternatives.getLast());
        }
        return object;
    }

    private Map<String, Object> object(Likelihood likelihood) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("id", likelihood.id());
        object.put("text",
                tokenizer.hasText(likelihood.id())
                        ? new String(tokenizer.bytes(likelihood.id()), StandardCharsets.UTF_8)
                        : "");
        object.put("log_probability", Float.isFinite(likelihood.logProbability()) ? likelihood.logProbability() : null);
        return object;
    }

    /** Returns the time that the last {@code count} tokens took; there are more than that. */
    Duration timeOfLast(int count) {
        return Duration.ofNanos(times.getLast() - times.get(times.size() - 1 - count));
    }

    /** Returns the finish reason in its JSON form. */
    static String reason(Generation generation) {
        return generation.finishReason().name().toLowerCase(Locale.ROOT);
    }

    static Map<String, Object> object(Generation generation) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("text", generation.text());
        object.put("finish_reason", reason(generation));
        object.put("tokens", generation.tokens().stream().map(Token::id).toList());
        object.put("log_probabilities", generation.tokens().stream().map(Token::logProbability).toList());
        object.put("prompt_tokens", generation.promptTokens());
        object.put("seed", generation.seed());
        object.put("prefill_seconds", generation.prefillTime().toNanos() / 1e9);
        object.put("decode_seconds", generation.decodeTime().toNanos() / 1e9);
        return object;
    }
}
