--| title = "Made by Drizzle: camelCase names, a table called user, and a ledger that names no run"
--| covers = [
--|     "names: quoted CamelCase", "names: reserved word", "ids: text", "times: without time zone", "deduct: no function",
--|     "balance: users.credits", "ledger: names no execution", "ledger: amount", "ledger: type", "ledger: usage",
--|     "price: credit_cost", "webhook: webhook_url", "agent key: slug", "execution: input", "execution: output",
--|     "execution: error_message", "execution: completed_at", "execution: credits_used",
--|     "status: running completed failed cancelled", "status: an enum",
--| ]
--| balance_sql = '''SELECT credits FROM "user" WHERE email = %(user)s'''
--| ledger_sql = '''SELECT sum(amount) FROM "creditEvent" e JOIN "user" u ON u.id = e."userId" WHERE email = %(user)s'''
--| status_sql = '''SELECT status::text FROM "agentRun" WHERE id = %(execution)s'''
--| words = { success = "completed", failed = "failed" }

CREATE TYPE "public"."runStatus" AS ENUM('pending', 'running', 'completed', 'failed', 'cancelled');
CREATE TYPE "public"."creditEventType" AS ENUM('purchase', 'usage', 'refund', 'bonus');
CREATE TABLE "user" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"emailVerified" boolean DEFAULT false NOT NULL,
	"image" text,
	"credits" integer DEFAULT 25 NOT NULL,
	"createdAt" timestamp DEFAULT now() NOT NULL,
	"updatedAt" timestamp DEFAULT now() NOT NULL,
	CONSTRAINT "user_email_unique" UNIQUE("email"),
	CONSTRAINT "user_credits_check" CHECK ("user"."credits" >= 0)
);
CREATE TABLE "session" (
	"id" text PRIMARY KEY NOT NULL,
	"expiresAt" timestamp NOT NULL,
	"token" text NOT NULL,
	"ipAddress" text,
	"userAgent" text,
	"userId" text NOT NULL,
	CONSTRAINT "session_token_unique" UNIQUE("token")
);
CREATE TABLE "account" (
	"id" text PRIMARY KEY NOT NULL,
	"accountId" text NOT NULL,
	"providerId" text NOT NULL,
	"userId" text NOT NULL,
	"accessToken" text,
	"password" text
);
CREATE TABLE "verification" ("id" text PRIMARY KEY NOT NULL, "identifier" text NOT NULL, "value" text NOT NULL, "expiresAt" timestamp NOT NULL);
CREATE TABLE "agent" (
	"id" text PRIMARY KEY NOT NULL,
	"slug" text NOT NULL,
	"name" text NOT NULL,
	"description" text DEFAULT '' NOT NULL,
	"creditCost" integer DEFAULT 1 NOT NULL,
	"webhookUrl" text NOT NULL,
	"inputSchema" jsonb DEFAULT '[]'::jsonb NOT NULL,
	"isActive" boolean DEFAULT true NOT NULL,
	"authorId" text,
	"createdAt" timestamp DEFAULT now() NOT NULL,
	CONSTRAINT "agent_slug_unique" UNIQUE("slug")
);
CREATE TABLE "agentRun" (
	"id" text PRIMARY KEY NOT NULL,
	"userId" text NOT NULL,
	"agentId" text NOT NULL,
	"status" "runStatus" DEFAULT 'pending' NOT NULL,
	"input" jsonb,
	"output" jsonb,
	"errorMessage" text,
	"creditsUsed" integer DEFAULT 0 NOT NULL,
	"createdAt" timestamp DEFAULT now() NOT NULL,
	"completedAt" timestamp
);
CREATE TABLE "creditEvent" (
	"id" serial PRIMARY KEY NOT NULL,
	"userId" text NOT NULL,
	"type" "creditEventType" NOT NULL,
	"amount" integer NOT NULL,
	"description" text,
	"createdAt" timestamp DEFAULT now() NOT NULL
);
CREATE TABLE "agentLike" ("agentId" text NOT NULL, "userId" text NOT NULL, CONSTRAINT "agentLike_agentId_userId_pk" PRIMARY KEY("agentId","userId"));
ALTER TABLE "session" ADD CONSTRAINT "session_userId_user_id_fk" FOREIGN KEY ("userId") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "account" ADD CONSTRAINT "account_userId_user_id_fk" FOREIGN KEY ("userId") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "agent" ADD CONSTRAINT "agent_authorId_user_id_fk" FOREIGN KEY ("authorId") REFERENCES "public"."user"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "agentRun" ADD CONSTRAINT "agentRun_userId_user_id_fk" FOREIGN KEY ("userId") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "agentRun" ADD CONSTRAINT "agentRun_agentId_agent_id_fk" FOREIGN KEY ("agentId") REFERENCES "public"."agent"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "creditEvent" ADD CONSTRAINT "creditEvent_userId_user_id_fk" FOREIGN KEY ("userId") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "agentLike" ADD CONSTRAINT "agentLike_agentId_agent_id_fk" FOREIGN KEY ("agentId") REFERENCES "public"."agent"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "agentLike" ADD CONSTRAINT "agentLike_userId_user_id_fk" FOREIGN KEY ("userId") REFERENCES "public"."user"("id") ON DELETE cascade ON UPDATE no action;
CREATE INDEX "agentRun_userId_idx" ON "agentRun" USING btree ("userId");

INSERT INTO "user" ("id", "name", "email", "credits") VALUES ('Zr8kOpsA1', 'Ops', 'ops@example.com', 100), ('Qm2vMaxB7', 'Max', 'max@example.com', 8);
INSERT INTO "agent" ("id", "slug", "name", "creditCost", "webhookUrl", "inputSchema", "isActive") VALUES
	('ag_seo', 'seo-blog', 'SEO Blog', 10, '{webhook}/seo-blog', '[{"name": "topic", "type": "text", "required": true}]', true),
	('ag_bad', 'always-fails', 'Always Fails', 5, '{webhook}/always-fails', '[]', true),
	('ag_pdf', 'pdf-chat', 'PDF Chat', 3, '{webhook}/pdf', '[]', false);
INSERT INTO "agentRun" ("id", "userId", "agentId", "status", "output", "errorMessage", "creditsUsed", "createdAt", "completedAt") VALUES
	('run_0001', 'Zr8kOpsA1', 'ag_seo', 'completed', '{"title": "Yew"}', NULL, 10, now() - interval '2 days', now() - interval '2 days'),
	('run_0002', 'Zr8kOpsA1', 'ag_bad', 'failed', NULL, 'fetch failed', 0, now() - interval '1 day', now() - interval '1 day');
INSERT INTO "creditEvent" ("userId", "type", "amount", "createdAt") VALUES
	('Zr8kOpsA1', 'purchase', 110, now() - interval '3 days'),
	('Zr8kOpsA1', 'usage', -10, now() - interval '2 days'),
	('Zr8kOpsA1', 'usage', -5, now() - interval '1 day'),
	('Zr8kOpsA1', 'refund', 5, now() - interval '1 day'),
	('Qm2vMaxB7', 'bonus', 8, now() - interval '1 day');
