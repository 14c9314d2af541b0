package io.github.t6j.springai;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.AnyNestedCondition;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Conditional;

/**
 * Auto-configuration of the model that {@code spring.ai.t6j.model} names, unless {@code spring.ai.model.chat} and
 * {@code spring.ai.model.embedding} both choose other providers than {@code t6j}.
 */
@AutoConfiguration
@Conditional(T6jModelAutoConfiguration.Chosen.class)
@EnableConfigurationProperties(T6jProperties.class)
public class T6jModelAutoConfiguration {
    /** Creates the configuration. */
    public T6jModelAutoConfiguration() {}

    /** Returns the model, which the application context closes. */
    @Bean(destroyMethod = "close")
    @ConditionalOnMissingBean
    @ConditionalOnProperty("spring.ai.t6j.model")
    Model t6jModel(T6jProperties properties) {
        ModelOptions options = ModelOptions.defaults().withWeightType(properties.weightType());
        return Model.load(properties.model(),
                properties.threads() == null ? options : options.withThreads(properties.threads()));
    }

    /** Condition that t6j is the provider of chats or of embeddings. */
    static final class Chosen extends AnyNestedCondition {
        Chosen() {
            super(ConfigurationPhase.REGISTER_BEAN);
        }

        @ConditionalOnProperty(name = "spring.ai.model.chat", havingValue = "t6j", matchIfMissing = true)
        static final class Chat {}

        @ConditionalOnProperty(name = "spring.ai.model.embedding", havingValue = "t6j", matchIfMissing = true)
        static final class Embedding {}
    }
}
