package io.github.t6j.springai;

import io.github.t6j.GenerationOptions;
import io.github.t6j.WeightType;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.file.Path;
import java.util.function.BiFunction;
import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * Properties of the auto-configuration, {@code spring.ai.t6j.*}.
 *
 * @param model folder or file of the model
 * @param threads compute threads; all cores by default
 * @param weightType type to which loading rounds the weights; the files' type by default
 * @param temperature sampling temperature; 0 takes the most likely token
 * @param topK number of most likely tokens to choose from
 * @param topP probability of the most likely tokens to choose from
 * @param maxTokens longest answer
 * @param seed seed of every answer
 * @param thinking false turns thinking off, if the template supports that
 */
@ConfigurationProperties("spring.ai.t6j")
public record T6jProperties(Path model, Integer threads, WeightType weightType, Float temperature, Integer topK,
        Float topP, Integer maxTokens, Long seed, Boolean thinking) {

    /** Returns the options of {@code chat}, overridden by the properties that are set. */
    ChatOptions options(Chat chat) {
        ChatOptions options = chat.options();
        SamplingOptions sampling = options.generation().sampling();
        sampling = with(temperature, sampling, SamplingOptions::withTemperature);
        sampling = with(topK, sampling, SamplingOptions::withTopK);
        sampling = with(topP, sampling, SamplingOptions::withTopP);
        sampling = with(seed, sampling, SamplingOptions::withSeed);
        GenerationOptions generation = options.generation().withSampling(sampling);
        options = options.withGeneration(with(maxTokens, generation, GenerationOptions::withMaxTokens));
        return with(thinking, options, ChatOptions::withThinking);
    }

    private static <O, V> O with(V value, O options, BiFunction<O, V, O> change) {
        return value == null ? options : change.apply(options, value);
    }
}
