// Generated from docs/openapi.json by `npm run generate`.
export interface paths {
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make an account
         * @description For shoppers, whatever is asked: operators are made by `ingress create-operator`. Also signs in.
         */
        post: operations["create_account"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Sign in
         * @description The answer to a wrong password and to an unknown email is the same, and takes as long.
         */
        post: operations["sign_in"];
        /**
         * Sign out
         * @description Ends this session for good: its token is refused here at once, and at every replica within 5 s.
         */
        delete: operations["sign_out"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/mine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I */
        get: operations["show_my_session"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/guest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Begin a guest's session
         * @description For demonstrations: refused unless the installation allows guests.
         */
        post: operations["begin_guest_session"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/products": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All products */
        get: operations["list_products"];
        put?: never;
        /** Add a product */
        post: operations["add_product"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/products/{product}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One product */
        get: operations["show_product"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All sales that anybody may see */
        get: operations["list_sales"];
        put?: never;
        /**
         * Open a sale
         * @description Its window makes it upcoming or active. Logged, then waited for.
         */
        post: operations["open_sale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One sale */
        get: operations["show_sale"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change a sale's window or limit */
        patch: operations["change_sale"];
        trace?: never;
    };
    "/v1/sales/{sale}/purchases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Buy one unit
         * @description `202` means that the purchase is durable and will be decided in the order of the log. It never means "won".
         */
        post: operations["buy"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tickets/{ticket}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What has become of a purchase
         * @description Needs no session: a ticket is a capability.
         */
        get: operations["show_ticket"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My orders */
        get: operations["list_my_orders"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders/{order}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One order
         * @description One's own; operators see any.
         */
        get: operations["show_order"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}/orders/mine": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** My orders in one sale */
        get: operations["list_my_orders_in_sale"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a sale
         * @description Purchases are refused from now on; what was logged before is still decided.
         */
        post: operations["pause_sale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resume a sale */
        post: operations["resume_sale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Close a sale for good */
        post: operations["close_sale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}/restock": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Set a sale's stock
         * @description Absolutely, against the version that was seen; never below what is sold.
         */
        post: operations["restock_sale"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/orders/{order}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take an order back
         * @description Its unit is for sale again, and its shopper may buy again.
         */
        post: operations["cancel_order"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sales/{sale}/orders": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The orders of a sale
         * @description In the order of the log; cancelled ones included. As `text/csv` (by `Accept` or `?format=csv`) all of them in one answer,
         *     else page by page.
         */
        get: operations["list_orders_of_sale"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/sales/{sale}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * One sale as it goes, at all doors
         * @description Stock, purchases accepted and refused by cause, who waits and for how long, how long verdicts take, and who decides.
         *     Ask once a second.
         */
        get: operations["show_sale_traffic"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/partitions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where every partition stands */
        get: operations["list_partitions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/tickets/{ticket}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All that is known of a ticket */
        get: operations["show_ticket_story"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/operations/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What operators did */
        get: operations["list_operator_actions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/config.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What the web page needs to know */
        get: operations["show_page_config"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A purchase that is in the log for good. */
        Accepted: {
            /**
             * Format: int64
             * @description Purchases that will be decided before it; an estimate.
             */
            ahead: number;
            /** @description The same key never buys twice. */
            key: string;
            sale_id: components["schemas"]["SaleId"];
            /** @description Where to ask what became of it; the order's id, should it win. */
            ticket: components["schemas"]["Ticket"];
            /**
             * Format: int64
             * @description Milliseconds until it is decided; an estimate.
             */
            wait_ms: number;
        };
        AuditTrail: {
            actions: components["schemas"]["OperatorAction"][];
            /** @description For the next page, as `?cursor=`; absent on the last. */
            next_cursor?: string | null;
        };
        /** @description A product of the catalogue; a sale keeps a copy of its name. */
        CatalogueProduct: {
            /** Format: date-time */
            created_at: string;
            description: string;
            id: components["schemas"]["ProductId"];
            name: string;
        };
        /** @description New terms; what is absent stays. At least one of them. */
        ChangedTerms: {
            /**
             * Format: date-time
             * @description Only while the sale has not ended, and not into the past.
             */
            ends_at?: string | null;
            /** @description For the audit trail. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description Only while the sale has not begun.
             */
            starts_at?: string | null;
            /**
             * Format: int32
             * @description Only upward.
             */
            unit_limit?: number | null;
        };
        /** @description The body of signing in, and of making an account. Never printed: there is no `Debug`. */
        Credentials: {
            /**
             * @description ASCII; capital letters and spaces around it do not count.
             * @example ada@example.org
             */
            email: string;
            /**
             * Format: password
             * @description 8 to 256 bytes of UTF-8.
             */
            password: string;
        };
        /**
         * @description Whether somebody decides it.
         * @enum {string}
         */
        Lease: "held" | "expired" | "free";
        /** @description How much a stream holds. */
        LogSize: {
            /** Format: int64 */
            bytes: number;
            /** Format: int64 */
            first_seq: number;
            /** Format: int64 */
            last_seq: number;
            /** Format: int64 */
            records: number;
        };
        NewProduct: {
            description?: string;
            name: string;
        };
        /** @description The terms of a new sale, as an operator gives them. */
        NewSale: {
            /** Format: date-time */
            ends_at: string;
            price: components["schemas"]["Price"];
            /** Format: uuid */
            product_id: string;
            /** @description Why; for the audit trail. */
            reason?: string | null;
            /** Format: date-time */
            starts_at: string;
            /** Format: int32 */
            stock: number;
            /** Format: int32 */
            unit_limit: number;
        };
        /** @description A command of the log, with what was decided for it. */
        OperatorAction: {
            /** @description What: `open`, `change`, `pause`, `resume`, `close`, `restock` or `cancel`. */
            action: string;
            /** @description Who. */
            actor: string;
            /** Format: uuid */
            command_id: string;
            /**
             * Format: date-time
             * @description When, in log time.
             */
            decided_at: string;
            /** @description With which terms, as the log holds them; for an order that was cancelled, its place. */
            details: Record<string, never>;
            /** Format: int32 */
            partition: number;
            /** @description Why, in the operator's words. */
            reason?: string | null;
            /** @description `applied`, `repeated`, or why it was refused. */
            ruling: string;
            /** Format: uuid */
            sale_id: string;
            /**
             * Format: int64
             * @description Its record.
             */
            seq: number;
        };
        /** @description A unit that somebody bought. */
        Order: {
            /**
             * Format: date-time
             * @description When an operator took it back; absent while it stands.
             */
            cancelled_at?: string;
            /**
             * Format: uuid
             * @description The ticket of the purchase that won it.
             */
            id: string;
            /** Format: date-time */
            ordered_at: string;
            /** Format: uuid */
            sale_id: string;
        };
        OrderPage: {
            /** @description For the next page, as `?cursor=`; absent on the last. */
            next_cursor?: string | null;
            orders: components["schemas"]["Order"][];
        };
        Orders: {
            orders: components["schemas"]["Order"][];
        };
        /** @description An order, and whose it is. */
        OwnedOrder: components["schemas"]["Order"] & {
            shopper_id: components["schemas"]["ShopperId"];
        };
        /** @description Answered by `/config.json`. */
        PageConfig: {
            guest_sessions: boolean;
            live_url: string;
        };
        /** @description Where a partition stands. */
        PartitionStanding: {
            /**
             * Format: int64
             * @description Purchases in the log that are not decided; an estimate.
             */
            backlog: number;
            /**
             * Format: int64
             * @description The last decided record.
             */
            cursor: number;
            /**
             * Format: int64
             * @description Purchases decided since the partition began.
             */
            decided_total: number;
            /**
             * Format: double
             * @description Purchases decided per second of work; zero before anything was measured.
             */
            drain_per_s: number;
            /** Format: int64 */
            epoch: number;
            /** Format: int32 */
            generation: number;
            /** @description Why it has stopped and waits for an operator. */
            halted?: string | null;
            /**
             * Format: int64
             * @description Milliseconds since this replica heard its owner; absent when it never did.
             */
            heard_ms_ago?: number | null;
            /**
             * Format: int64
             * @description The last record known to be in the log.
             */
            last_seq: number;
            lease: components["schemas"]["Lease"];
            log?: components["schemas"]["LogSize"] | null;
            /** Format: date-time */
            log_time: string;
            /**
             * Format: double
             * @description Purchases in a record, on average; zero before anything was measured.
             */
            mean_group: number;
            /**
             * Format: uuid
             * @description The allocator that holds it; absent after a graceful release.
             */
            owner?: string | null;
            /** Format: int32 */
            partition: number;
            /** @description Why it waits for another allocator. */
            stopped?: string | null;
            stream: string;
        };
        Partitions: {
            partitions: components["schemas"]["PartitionStanding"][];
            /** Format: date-time */
            server_time: string;
        };
        /** @description Milliseconds that half, and 99 of 100, did not exceed; to about a sixteenth. */
        Percentiles: {
            /** Format: double */
            p50: number;
            /** Format: double */
            p99: number;
        };
        /** @description The price of one unit. */
        Price: {
            /**
             * Format: int32
             * @description In the currency's smallest unit: 1999 is 19.99 EUR.
             */
            amount_minor: number;
            /**
             * @description ISO 4217, three capital letters.
             * @example EUR
             */
            currency: string;
        };
        /** @description Why a request was refused (RFC 9457). */
        Problem: {
            /** @description What was wrong with this request. */
            detail?: string | null;
            /** @description The key to repeat the purchase or the command with. */
            key?: string | null;
            /** @description Names the request in our log. */
            request_id?: string | null;
            /**
             * Format: int64
             * @description `Retry-After`, exactly.
             */
            retry_after_ms?: number | null;
            /**
             * Format: int32
             * @description The same as the status of the answer.
             */
            status: number;
            /** @description The kind in plain words. */
            title: string;
            /**
             * @description `/problems/` and a fixed word: what programs should look at.
             * @example /problems/sold-out
             */
            type: string;
        };
        /** @description What is sold. A copy in the log, so that a replay needs no catalogue. */
        Product: {
            /** @description The product in the catalogue. */
            id: components["schemas"]["ProductId"];
            /** @description Its name when the sale was opened. */
            name: string;
        };
        /**
         * Format: uuid
         * @description A product of the catalogue.
         */
        ProductId: string;
        Products: {
            /** @description For the next page, as `?cursor=`; absent on the last. */
            next_cursor?: string | null;
            products: components["schemas"]["CatalogueProduct"][];
        };
        /** @description The body of a purchase. May be `{}`. */
        Purchase: {
            /**
             * Format: int32
             * @description One purchase is one unit; a shopper who may hold more sends more.
             */
            quantity?: number;
        };
        /** @description Who waits for a decision in the sale's partition, as this replica sees it: also for other sales of that partition. */
        QueueStanding: {
            /**
             * Format: int64
             * @description Purchases of the partition in the log that are not decided; an estimate. `null` when this replica does not know
             *     the partition.
             */
            purchases: number | null;
            /**
             * Format: int64
             * @description From here on purchases are refused as `busy`.
             */
            purchases_max: number;
            /**
             * Format: int64
             * @description Beyond this purchases are refused as `busy`.
             */
            wait_max_ms: number;
            /**
             * Format: int64
             * @description Milliseconds until the last of them is decided; an estimate. `null` like `purchases`.
             */
            wait_ms: number | null;
        };
        /**
         * @description Why there is no order for a ticket: a ruling, or `adopted` when its record was lost with the stream.
         * @enum {string}
         */
        Reason: "sold-out" | "limit-reached" | "not-started" | "ended" | "paused" | "closed" | "malformed" | "unknown-sale" | "adopted";
        Restock: {
            /** @description For the audit trail. */
            reason?: string | null;
            /**
             * Format: int32
             * @description All units, sold ones included.
             */
            stock: number;
            /**
             * Format: int32
             * @description The sale's version as the operator saw it.
             */
            version: number;
        };
        /**
         * @description What somebody may do.
         * @enum {string}
         */
        Role: "shopper" | "operator";
        /** @description What Postgres has of a sale, all of one moment. `orders` and `sold` are equal, and `sold` is not above `stock`. */
        SaleBooks: {
            /**
             * Format: int64
             * @description Orders that stand, counted. Those that were cancelled do not.
             */
            orders: number;
            /**
             * Format: int32
             * @description Units sold, as the allocator wrote it.
             */
            sold: number;
            /**
             * Format: int32
             * @description Units that there are to sell, those that were sold included.
             */
            stock: number;
        };
        /**
         * Format: uuid
         * @description A sale's id: a UUIDv8 that begins with the time it was made and carries its partition.
         *
         *     `unix_ms (48) · version (4) · partition (10) + random (2) · variant (2) · random (62)`.
         *     A sale therefore never moves, and partitions can be added without a lookup table.
         */
        SaleId: string;
        SaleOrders: {
            /** @description For the next page, as `?cursor=`; absent on the last. */
            next_cursor?: string | null;
            orders: components["schemas"]["OwnedOrder"][];
        };
        /**
         * @description Where a sale stands at some moment.
         * @enum {string}
         */
        SaleState: "upcoming" | "active" | "paused" | "sold-out" | "ended" | "closed";
        /**
         * @description One sale as it goes. What doors count is a hint: one that restarts begins at zero, one that is killed takes its
         *     counts with it, and what the others tell may be a second old.
         */
        SaleTraffic: {
            /**
             * Format: int64
             * @description Purchases that were logged, at all of these doors since each began. A key that came again
             *     counts once while the replica remembers it; at another replica, or minutes later, it may count again.
             */
            accepted: number;
            books: components["schemas"]["SaleBooks"] | null;
            /** @description Ingress replicas whose counts are in: this one, and those that it heard of within 5 s and has heard whole. */
            doors: number;
            partition: components["schemas"]["PartitionStanding"] | null;
            queue: components["schemas"]["QueueStanding"];
            /**
             * @description Requests that were refused, by the last word of the problem's type: whoever tries again counts again. Not those
             *     that were refused before their sale was looked at: without a session, or by the limit of an address.
             * @example {
             *       "busy": 0,
             *       "sold-out": 5
             *     }
             */
            refused: {
                [key: string]: number;
            };
            sale: components["schemas"]["SaleView"];
            /** Format: date-time */
            server_time: string;
            verdict_ms: components["schemas"]["Percentiles"] | null;
        };
        /** @description A sale as the API and the WebSocket show it. Times are RFC 3339 in UTC. */
        SaleView: {
            /**
             * Format: date-time
             * @description First moment after the window.
             */
            ends_at: string;
            /** @description Also names its partition. */
            id: components["schemas"]["SaleId"];
            /** @description Price of one unit. */
            price: components["schemas"]["Price"];
            /** @description What is sold. */
            product: components["schemas"]["Product"];
            /**
             * Format: int32
             * @description Units left.
             */
            remaining: number;
            /**
             * Format: int64
             * @description Grows with every change: of two descriptions, the one with the higher is newer.
             */
            revision: number;
            /**
             * Format: date-time
             * @description When this was told, for clients whose clock is wrong.
             */
            server_time: string;
            /**
             * Format: int32
             * @description Units sold and not cancelled.
             */
            sold: number;
            /**
             * Format: date-time
             * @description First moment of the window.
             */
            starts_at: string;
            /** @description What a shopper can do now, by the clock of who answers. */
            state: components["schemas"]["SaleState"];
            /**
             * Format: int32
             * @description Units to sell in total.
             */
            stock: number;
            /**
             * Format: int32
             * @description Units a shopper may hold at once.
             */
            unit_limit: number;
            /**
             * Format: int32
             * @description Commands that changed the sale; a restock names the one it saw.
             */
            version: number;
        };
        Sales: {
            sales: components["schemas"]["SaleView"][];
            /** Format: date-time */
            server_time: string;
        };
        /** @description A session that has just begun. */
        Session: {
            /** Format: date-time */
            expires_at: string;
            role: components["schemas"]["Role"];
            shopper_id: components["schemas"]["ShopperId"];
            /** @description For clients that are not browsers: `Authorization: Bearer …`. */
            token: string;
        };
        /**
         * Format: uuid
         * @description One shopper: an account, or a guest for the life of a session.
         */
        ShopperId: string;
        /**
         * Format: uuid
         * @description The shopper's receipt for a place: a UUIDv8 whose 122 free bits are the place (64) and a seal (58).
         *
         *     The seal is the first 58 bits of HMAC-SHA-256 over the place and the generation of its stream.
         *     A ticket needs no row anywhere: whoever holds the key can tell a real one from a forged one.
         *     The order of a won place has the same id.
         */
        Ticket: string;
        /**
         * @description What the log still holds of a ticket.
         * @enum {string}
         */
        TicketRecord: "read" | "gone" | "unavailable";
        /** @description What a ticket's holder is told, over HTTP and over the WebSocket alike. */
        TicketStatus: {
            /**
             * Format: int64
             * @description Purchases that will be decided before it; an estimate.
             */
            ahead: number;
            /** @enum {string} */
            state: "queued";
            /**
             * Format: int64
             * @description Milliseconds until it is decided; an estimate.
             */
            wait_ms: number;
        } | {
            /** @description The order: the ticket itself, or the earlier order of a repeated key. */
            order_id: components["schemas"]["Ticket"];
            /** @description The key had already won: `order_id` is that earlier order. */
            replay: boolean;
            /** @description The sale. */
            sale_id: components["schemas"]["SaleId"];
            /** @enum {string} */
            state: "won";
        } | {
            /** @description Why. */
            reason: components["schemas"]["Reason"];
            /** @description The sale; absent when the record was too damaged to name one. */
            sale_id?: components["schemas"]["SaleId"];
            /** @enum {string} */
            state: "lost";
        };
        /** @description A ticket's whole story. What is not known is absent. */
        TicketStory: {
            /**
             * Format: date-time
             * @description When that order was taken back.
             */
            cancelled_at?: string;
            /**
             * Format: date-time
             * @description When it was decided, by Postgres' clock.
             */
            decided_at?: string;
            /**
             * Format: int32
             * @description Which life of the partition's stream sealed it.
             */
            generation?: number | null;
            /** Format: int32 */
            index: number;
            /**
             * Format: date-time
             * @description When its record was logged, by JetStream's clock.
             */
            logged_at?: string;
            /**
             * Format: uuid
             * @description The order it won or, for a replay, refers to.
             */
            order_id?: string;
            /**
             * Format: int32
             * @description Its place: partition, record, index in the record.
             */
            partition: number;
            /**
             * Format: date-time
             * @description When it arrived, by the clock of the ingress that took it.
             */
            received_at?: string;
            /** @description Whether the log still tells who sent it and when. */
            record: components["schemas"]["TicketRecord"];
            /** @description `queued`, `won`, `replay`, or why it lost. */
            ruling: string;
            /** Format: uuid */
            sale_id?: string;
            /** Format: int64 */
            seq: number;
            /** Format: uuid */
            shopper_id?: string;
            /** Format: uuid */
            ticket: string;
        };
        TicketView: components["schemas"]["TicketStatus"] & {
            ticket: components["schemas"]["Ticket"];
        };
        /** @description Who is signed in. */
        WhoAmI: {
            /** @description Guests have none. */
            email?: string | null;
            /** Format: date-time */
            expires_at: string;
            role: components["schemas"]["Role"];
            shopper_id: components["schemas"]["ShopperId"];
        };
        /** @description Why an operator does something; need not be said. */
        Why: {
            /** @description For the audit trail. */
            reason?: string | null;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    create_account: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description The account, and a session of it, also as a cookie. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: a page of another site asked. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `email-taken`: sign in instead. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_in: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Credentials"];
            };
        };
        responses: {
            /** @description A session, also as a cookie. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `wrong-credentials`: no account of that email, or another password. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: a page of another site asked. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sign_out: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Ended; the cookie is cleared. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: a page of another site asked. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_my_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Whose session this is. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WhoAmI"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    begin_guest_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A session, also as a cookie. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
            /** @description `forbidden`: no guests here, or a page of another site asked. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_products: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Products"];
                };
            };
            /** @description `bad-request`: the query cannot be read, or the cursor is not of this list. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    add_product: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewProduct"];
            };
        };
        responses: {
            /** @description The product. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueProduct"];
                };
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_product: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The product's id */
                product: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The product. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CatalogueProduct"];
                };
            };
            /** @description `not-found` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_sales: {
        parameters: {
            query?: {
                state?: "active" | "upcoming" | "ended";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The latest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Sales"];
                };
            };
            /** @description `bad-request`: the query cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    open_sale: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSale"];
            };
        };
        responses: {
            /** @description The sale. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description Logged; it will be decided. `Location` is where it will be. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already-open` or `adopted`: another command opened it, or this one was lost with its log. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_sale: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it stands; may be a second old. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description As `If-None-Match` knows it. */
            304: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    change_sale: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ChangedTerms"];
            };
        };
        responses: {
            /** @description Done; the sale. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description Logged; it will be decided. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `window-passed`, `limit-lowered`, `closed` or `adopted` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    buy: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Purchase"];
            };
        };
        responses: {
            /** @description Durable; the ticket tells the result. A repeated key may get the ticket it has. */
            202: {
                headers: {
                    /** @description What is left of the nearest limit: `"shopper";r=19;t=1` */
                    RateLimit?: string;
                    /** @description Its terms: `"shopper";q=20;w=2` */
                    "RateLimit-Policy"?: string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Accepted"];
                };
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: a page of another site asked. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `not-started`, `paused`, `sold-out`, `ended` or `closed`: nothing was accepted now. Whoever missed the answer to an earlier request finds what it won in `orders/mine`. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`, or `key-reused`: the key stands for a request with another quantity. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_ticket: {
        parameters: {
            query?: {
                /** @description Seconds to wait for a decision before answering `queued`. */
                wait?: number;
            };
            header?: never;
            path: {
                /** @description From the `202` of a purchase */
                ticket: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Where it stands. While `queued`, `Retry-After` says when to ask again. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketView"];
                };
            };
            /** @description `bad-request`: the query cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `bad-ticket`: not one of ours. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_my_orders: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, the newest first; cancelled orders included. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OrderPage"];
                };
            };
            /** @description `bad-request`: the query cannot be read, or the cursor is not of this list. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_order: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The order's id: the ticket that won it */
                order: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnedOrder"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-order`: missing, or somebody else's. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_my_orders_in_sale: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The orders that stand; never more than the sale's limit. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Orders"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    pause_sale: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Why"] | null;
            };
        };
        responses: {
            /** @description Done; the sale. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description Logged; it will be decided. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `closed` or `adopted`: the sale is closed for good, or the command was lost with its log. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resume_sale: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Why"] | null;
            };
        };
        responses: {
            /** @description Done; the sale. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description Logged; it will be decided. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `closed` or `adopted`: the sale is closed for good, or the command was lost with its log. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    close_sale: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Why"] | null;
            };
        };
        responses: {
            /** @description Done; the sale. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description Logged; it will be decided. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `closed` or `adopted`: it is already, or the command was lost with its log. */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    restock_sale: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Restock"];
            };
        };
        responses: {
            /** @description Done; the sale. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleView"];
                };
            };
            /** @description Logged; it will be decided. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `stale-version`, `below-sold`, `closed` or `adopted` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancel_order: {
        parameters: {
            query?: never;
            header?: {
                /** @description 1 to 255 characters, quoted or bare. The same key never does the same thing twice. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description The order's id */
                order: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["Why"] | null;
            };
        };
        responses: {
            /** @description Done; the order. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OwnedOrder"];
                };
            };
            /** @description Logged; it will be decided. */
            202: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description `bad-request`: not JSON, or a header or parameter that cannot be read. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-order` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `timeout`: the body took too long to arrive. */
            408: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `already-cancelled` or `adopted` */
            409: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `too-large`: the body is larger than any request needs. */
            413: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unsupported-media-type`: the body must be `application/json`. */
            415: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `invalid`: the JSON says something this request cannot mean. `key-reused`: the key stands for another request. */
            422: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted`, `unavailable` or `outcome-unknown`: come back after `Retry-After`, with the same key. But for the last two, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_orders_of_sale: {
        parameters: {
            query?: {
                /** @description The `next_cursor` of the page before. Not for CSV, which has one page. */
                cursor?: string;
                /** @description 1 to 1000; 100 if not said. Not for CSV. */
                limit?: number;
                /** @description Wins over the header `Accept`. */
                format?: "json" | "csv";
            };
            header?: never;
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, or the whole as CSV. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleOrders"];
                    "text/csv": string;
                };
            };
            /** @description `bad-request`: the query cannot be read, or the cursor is not of this list. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_sale_traffic: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description The sale's id */
                sale: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description As it goes now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SaleTraffic"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unknown-sale` */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_partitions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of them, in order of their numbers. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Partitions"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_ticket_story: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description From the `202` of a purchase */
                ticket: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Its place, its ruling, its times. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TicketStory"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `bad-ticket`: not one of ours. */
            404: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    list_operator_actions: {
        parameters: {
            query?: {
                /** @description Only what was done to this sale. */
                sale?: string;
                /** @description The `next_cursor` of the page before. */
                cursor?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description A page, the newest first. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AuditTrail"];
                };
            };
            /** @description `bad-request`: the query cannot be read, or the cursor is not of this list. */
            400: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `unauthorized`: no session, or one that has ended or was revoked. */
            401: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `forbidden`: the session is not an operator's, or a page of another site wants to change something. */
            403: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    show_page_config: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Where the notifier is, and whether guests are let in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PageConfig"];
                };
            };
            /** @description `rate-limited`: too many requests; `Retry-After` says when the next one is welcome. */
            429: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `internal`: ours to solve; quote the `request_id`. */
            500: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description `busy`, `halted` or `unavailable`: come back after `Retry-After`. But for the last, nothing was done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
