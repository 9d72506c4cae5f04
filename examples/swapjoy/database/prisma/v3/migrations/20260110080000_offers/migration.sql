CREATE TABLE "offers" (
    "id" BIGSERIAL NOT NULL,
    "owner_email" TEXT NOT NULL,
    "location" TEXT NOT NULL,

    CONSTRAINT "offers_pkey" PRIMARY KEY ("id")
);
