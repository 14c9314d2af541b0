package io.github.t6j.springai;

import io.github.t6j.Model;
import io.github.t6j.schedule.Scheduler;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnProperty;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Lazy;

/**
 * Auto-configuration of embeddings by the model of {@link T6jModelAutoConfiguration}, unless
 * {@code spring.ai.model.embedding} chooses another provider than {@code t6j}.
 */
@AutoConfiguration(after = T6jModelAutoConfiguration.class)
@ConditionalOnProperty(name = "spring.ai.model.embedding", havingValue = "t6j", matchIfMissing = true)
@EnableConfigurationProperties(T6jEmbeddingProperties.class)
public class T6jEmbeddingAutoConfiguration {
    /** Creates the configuration. */
    public T6jEmbeddingAutoConfiguration() {}

    /** Returns the embedding model when it is first needed: the engine may not support a chat model's pooling. */
    @Bean
    @Lazy
    @ConditionalOnMissingBean
    @ConditionalOnBean(Model.class)
    T6jEmbeddingModel t6jEmbeddingModel(
            Model model, T6jEmbeddingProperties properties, ObjectProvider<Scheduler> schedulers) {
        T6jEmbeddingModel embedding = new T6jEmbeddingModel(model, properties.options());
        Scheduler scheduler = schedulers.getIfAvailable(); // of chats, which may have another provider
        return scheduler == null ? embedding : embedding.withScheduler(scheduler);
    }
}
